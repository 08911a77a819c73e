import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { language } from "../../i18n/language";
import { CATALOGUE, PEAR } from "../../testing/catalogue";
import { Card } from "./Card";

const show = (species = PEAR) => render(<Card species={species} catalogue={CATALOGUE} when={new Date(2026, 10, 21)} />);

describe("Card", () => {
  beforeEach(() => language.set("en"));

  it("tells the season to those who cannot see the ring", () => {
    show();
    const ring = screen.getByRole("img");
    expect(ring.getAttribute("aria-label")).toBe("In season in France: August to March. Today, 21 November: in season.");
  });

  it("gives amounts per 100 g and per piece", async () => {
    show();
    const fibre = () => within(screen.getByRole("row", { name: /fibre/ })).getAllByRole("cell")[0]!.textContent;
    expect(fibre()).toBe("3.1 g");
    await userEvent.click(screen.getByLabelText("per piece"));
    expect(fibre()).toBe("4.7 g");
  });

  it("links what it looks like, as far as the catalogue has it, and every source", () => {
    show();
    expect(screen.getAllByRole("link", { name: "Apple" })[0]!.getAttribute("href")).toBe("/species/apple");
    for (const source of Object.values(PEAR.sources)) {
      expect(screen.getByRole("link", { name: source.title }).getAttribute("href")).toBe(source.address);
    }
  });

  it("leaves out what is not known instead of guessing", () => {
    show({ ...PEAR, season: null, ripe_when: null, cautions: [], nutrition: null });
    for (const title of ["Season", "Ripe when", "Cautions"]) expect(screen.queryByRole("heading", { name: title })).toBeNull();
  });
});
