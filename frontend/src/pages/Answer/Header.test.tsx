import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { language } from "../../i18n/language";
import { CATALOGUE } from "../../testing/catalogue";
import { recognition, scanOf } from "../../testing/scan";
import type { Scan } from "../../history/store";
import { Header } from "./Header";

const show = (changes: Partial<Scan>, onChoose = vi.fn()) => {
  render(<Header scan={scanOf(changes)} catalogue={CATALOGUE} onChoose={onChoose} />);
  return onChoose;
};
const heading = () => screen.getByRole("heading", { level: 1 }).textContent;

describe("Header", () => {
  beforeEach(() => language.set("fr"));

  it("names species, variety and certainty when it is sure", () => {
    show({});
    expect(heading()).toBe("poire");
    expect(screen.getByText("Conférence")).toBeTruthy();
    expect(screen.getByText("sûr à 93 %")).toBeTruthy();
  });

  it("offers two when it is not, and takes the one that is tapped", async () => {
    const chosen = show({ recognition: recognition({ sure: false, variety: null }) });
    expect(heading()).toBe("Peut-être poire, ou pomme.");
    await userEvent.click(screen.getByRole("button", { name: /pomme/ }));
    expect(chosen).toHaveBeenCalledWith("apple");
  });

  it("says that it sees no fruit", () => {
    show({ recognition: recognition({ sure: false, is_produce: false }) });
    expect(heading()).toBe("Je ne vois pas de fruit");
  });

  it("believes its owner", () => {
    show({ correction: { species: "walnut", variety: null } });
    expect(heading()).toBe("noix");
    expect(screen.queryByText(/sûr à/)).toBeNull();
  });
});
