import type { GuardrailName } from "../policy/guardrail-list.ts";

/** One dial that changes cost. Everything that the engine, the documentation and, later, what acts on it know of it. */
export interface LeverKind {
  readonly unit: "percent" | "level" | "switch" | "documents" | "candidates" | "tokens" | "intents";
  readonly least: number;
  readonly most: number;
  /** The value of a lever that nobody has turned. */
  readonly off: number;
  /** The first value away from `off`; steps are counted from here. */
  readonly entry: number;
  /** The farthest that one change may move it. */
  readonly step: number;
  /** Where it costs less: caps go down, shares and switches go up. */
  readonly cheaper: "up" | "down";
  /** What turning it can break. Each must be measured and hold before it is turned; when one breaks it is turned back. */
  readonly guardedBy: readonly GuardrailName[];
  readonly meaning: string;
}
