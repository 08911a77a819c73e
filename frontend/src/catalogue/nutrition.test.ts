import { describe, expect, it } from "vitest";
import { PEAR } from "../testing/catalogue";
import { composition, rows } from "./nutrition";

describe("composition", () => {
  it("adds up to 100 g", () => {
    const parts = composition(PEAR)!;
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(100, 6);
    expect(parts).toMatchObject({ water: 83.96, carbohydrate: 12.13, fibre: 3.1 });
  });

  it("is not drawn from half of the figures", () => {
    const { water: _, ...amounts } = PEAR.nutrition!.amounts;
    expect(composition({ ...PEAR, nutrition: { ...PEAR.nutrition!, amounts } })).toBeNull();
    expect(composition({ ...PEAR, nutrition: null })).toBeNull();
  });
});

describe("rows", () => {
  const row = (nutrient: string, grams: number) => rows(PEAR, grams).find((one) => one.nutrient === nutrient)!;

  it("gives the share of the reference intake, per 100 g and per piece", () => {
    expect(row("vitamin_c", 100).share).toBeCloseTo(4.3 / 80, 9);
    expect(row("vitamin_c", 152).share).toBeCloseTo((4.3 * 1.52) / 80, 9);
    expect(row("energy_kcal", 100).share).toBeCloseTo(57 / 2000, 9);
    expect(row("fibre", 152).amount.value).toBeCloseTo(3.1 * 1.52, 9);
  });

  it("gives no share where the law has no reference, or the table no figure", () => {
    expect(row("fibre", 100).share).toBeNull();
    const fat = { ...PEAR.nutrition!.amounts.fat!, bound: "below" as const };
    const vague = { ...PEAR, nutrition: { ...PEAR.nutrition!, amounts: { ...PEAR.nutrition!.amounts, fat } } };
    expect(rows(vague, 100).find((one) => one.nutrient === "fat")!.share).toBeNull();
  });
});
