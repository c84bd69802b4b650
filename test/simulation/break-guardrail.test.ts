import { expect, it } from "vitest";
import { REVERT_BOUND } from "../../src/core/policy/tick-due.ts";
import { breakGuardrail } from "./break-guardrail.ts";

// `npm run controls-sim -- --breaks 500` does the same at length.
it("answers a guardrail that breaks at a random moment within the bound, without flapping, with a whole audit, as the dry run says", () => {
  const reports = Array.from({ length: 24 }, (_, seed) => breakGuardrail(seed));
  const answered = reports.flatMap((report) => (report.answered ? [report.answered] : []));
  expect(answered.length).toBeGreaterThan(12);
  expect(Math.max(...answered.map(({ ms }) => ms))).toBeLessThanOrEqual(REVERT_BOUND.ms);
  expect(Math.max(...answered.map(({ calls }) => calls))).toBeLessThanOrEqual(REVERT_BOUND.calls);
  expect(new Set(reports.map(({ planned }) => planned.guardrail)).size).toBe(3);
});
