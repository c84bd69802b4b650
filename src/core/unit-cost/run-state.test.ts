import { expect, it } from "vitest";
import { runState } from "./run-state.ts";

const HOUR = 3_600_000;
const NOW = 100 * HOUR;
const stateOf = (times: Partial<Parameters<typeof runState>[0]>) =>
  runState({ calls: 0, lastSpentAt: null, startedAt: null, endedAt: null, ...times }, NOW, 24 * HOUR);

it("is an orphan when only usage names it, and open when calls do", () => {
  expect(stateOf({ lastSpentAt: NOW })).toBe("orphan");
  expect(stateOf({ lastSpentAt: 0, calls: 1 })).toBe("open");
});

it("is running until it was not spent on for so long, then abandoned; with nothing spent, from its start on", () => {
  expect(stateOf({ startedAt: 0, lastSpentAt: NOW - 24 * HOUR })).toBe("running");
  expect(stateOf({ startedAt: 0, lastSpentAt: NOW - 24 * HOUR - 1 })).toBe("abandoned");
  expect(stateOf({ startedAt: NOW - HOUR })).toBe("running");
  expect(stateOf({ startedAt: NOW - 25 * HOUR })).toBe("abandoned");
});

it("has ended when somebody said so, whether or not it was started", () => {
  expect(stateOf({ startedAt: 0, endedAt: HOUR, lastSpentAt: HOUR })).toBe("ended");
  expect(stateOf({ endedAt: HOUR })).toBe("ended");
  expect(stateOf({ startedAt: NOW, endedAt: HOUR })).toBe("running");
});
