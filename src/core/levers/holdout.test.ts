import { expect, it } from "vitest";
import { isHeldOut } from "./holdout.ts";

/** As the gateway makes them: they differ in their counter only. */
const ids = Array.from({ length: 100_000 }, (_, count) => `0192ab34cd5600000001${count.toString(16).padStart(8, "0")}beef`);

it.each([0.01, 0.02, 0.05])("holds out the share %f of calls whose ids rise one by one, in every stretch of them", (share) => {
  for (let from = 0; from < ids.length; from += 20_000) {
    const heldOut = ids.slice(from, from + 20_000).filter((id) => isHeldOut(id, share)).length;
    // Four standard deviations of a fair draw.
    expect(Math.abs(heldOut - 20_000 * share)).toBeLessThan(4 * Math.sqrt(20_000 * share * (1 - share)));
  }
});

it("decides the same of a call's later attempts, and holds nothing out at 0", () => {
  for (const id of ids.slice(0, 2000)) {
    expect(isHeldOut(`${id}.2`, 0.05)).toBe(isHeldOut(id, 0.05));
    expect(isHeldOut(id, 0)).toBe(false);
  }
});

it("keeps what a smaller holdout holds out when the holdout grows", () => {
  for (const id of ids.slice(0, 20_000)) if (isHeldOut(id, 0.01)) expect(isHeldOut(id, 0.05)).toBe(true);
});
