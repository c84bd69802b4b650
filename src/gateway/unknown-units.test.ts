import { describe, expect, it } from "vitest";
import { UnknownUnits } from "./unknown-units.ts";

const HOUR_MS = 3_600_000;

describe("counts that nobody reads", () => {
  it("are told once an hour each, by provider and count", () => {
    const units = new UnknownUnits();
    expect(units.isNews("a", "usage.x", 0)).toBe(true);
    expect(units.isNews("a", "usage.x", HOUR_MS - 1)).toBe(false);
    expect(units.isNews("a", "usage.y", 1)).toBe(true);
    expect(units.isNews("b", "usage.x", 1)).toBe(true);
    expect(units.isNews("a", "usage.x", HOUR_MS)).toBe(true);
  });

  it("cannot fill the memory, whatever names a provider sends", () => {
    const units = new UnknownUnits();
    for (let index = 0; index < 5000; index++) units.isNews("a", `usage.${index}`, 0);
    expect(units.isNews("a", "usage.4999", 1)).toBe(false);
  });
});
