import { beforeEach, describe, expect, it } from "vitest";
import { recognition, scanOf } from "../testing/scan";
import { changeScan, deleteAllScans, deleteScan, keepScan, refresh, scans, shownSpecies } from "./store";

describe("the shelf of scans", () => {
  beforeEach(async () => {
    await deleteAllScans();
    await refresh();
  });

  it("keeps them through a reload, newest first", async () => {
    await keepScan(scanOf({ id: "a", at: "2026-11-20T10:00:00.000Z" }));
    await keepScan(scanOf({ id: "b", at: "2026-11-21T10:00:00.000Z" }));
    scans.set(null);
    await refresh();
    expect(scans.get()!.map((scan) => scan.id)).toEqual(["b", "a"]);
  });

  it("changes one and deletes one", async () => {
    await keepScan(scanOf({ id: "a" }));
    await keepScan(scanOf({ id: "b" }));
    await changeScan("a", { remote: "x" });
    await changeScan("nobody", { remote: "y" });
    await deleteScan("b");
    await refresh();
    expect(scans.get()).toEqual([scanOf({ id: "a", remote: "x" })]);
  });

  it("shows the person's word before the engine's, and nothing where there is no fruit", () => {
    expect(shownSpecies(scanOf())).toBe("pear");
    expect(shownSpecies(scanOf({ correction: { species: "apple", variety: null } }))).toBe("apple");
    expect(shownSpecies(scanOf({ recognition: recognition({ is_produce: false }) }))).toBeNull();
  });
});
