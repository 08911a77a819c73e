import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { language } from "../i18n/language";
import { CATALOGUE } from "../testing/catalogue";
import { Picker } from "./Picker";

describe("Picker", () => {
  beforeEach(() => language.set("fr"));

  it("puts the likely ones first and takes a species with the variety that was typed", async () => {
    const picked = vi.fn();
    render(<Picker catalogue={CATALOGUE} likely={["walnut"]} onPick={picked} onClose={vi.fn()} />);
    const list = screen.getByRole("list");
    expect(within(list).getAllByRole("button").map((one) => one.textContent)).toEqual(["Noix", "Poire", "Pomme"]);
    await userEvent.type(screen.getByLabelText("Chercher"), "grany");
    await userEvent.click(within(list).getByRole("button", { name: /Pomme/ }));
    expect(picked).toHaveBeenCalledWith("apple", "granny-smith");
  });

  it("says when there is nothing by that name", async () => {
    render(<Picker catalogue={CATALOGUE} likely={[]} onPick={vi.fn()} onClose={vi.fn()} />);
    await userEvent.type(screen.getByLabelText("Chercher"), "bicyclette");
    expect(screen.getByText("Rien de ce nom.")).toBeTruthy();
  });
});
