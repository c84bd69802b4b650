import { type LeverId, leverKind } from "../../src/core/levers/lever-list.ts";
import { leverState } from "../../src/core/levers/lever-state.ts";
import { isCheaper } from "../../src/core/levers/lever-step.ts";
import type { LeversInForce } from "../../src/core/levers/levers-in-force.ts";
import { turnedLevers } from "../../src/core/policy/decide.ts";
import type { ControlState } from "../../src/core/policy/decision.ts";
import { GUARDRAIL_NAMES, type GuardrailName } from "../../src/core/policy/guardrail-list.ts";
import type { CallOutcome } from "../../src/core/replay/call-window.ts";
import type { RecordedCall } from "../../src/core/replay/replay-calls.ts";
import { SeededRandom } from "./seeded-random.ts";

/** A call with all of its chance in it, so that the same call under the same levers ends the same. */
export interface WorldCall extends RecordedCall {
  readonly chance: { readonly latency: number; readonly error: number; readonly rated: number; readonly rating: number };
}

/** A guardrail that breaks on purpose. */
export interface WorldBreak {
  readonly guardrail: GuardrailName;
  /** Not before this, and not before a lever is turned that the guardrail guards. */
  readonly from: number;
  /** By one lever, for as long as it stands there; or from outside, for a time. */
  readonly cause: "lever" | "outside";
  readonly lastsMs: number;
  /** How much worse: 0 just beyond the limit, 1 far beyond. */
  readonly strength: number;
  /** Which of the turned levers it is, in [0, 1). */
  readonly which: number;
}

const MINUTE_MS = 60_000;
const START = Date.parse("2026-11-21T03:00:00Z");
const RATED = 0.3;

/** One and a half to two hours of calls at rates that change every few minutes, and one break at a random moment. */
export function drawWorld(seed: number): { readonly calls: readonly WorldCall[]; readonly planned: WorldBreak } {
  const random = new SeededRandom(seed);
  const lengthMs = (90 + random.whole(30)) * MINUTE_MS;
  const calls: WorldCall[] = [];
  let perSecond = 0;
  let nextRateAt = START;
  for (let at = START; at < START + lengthMs; ) {
    if (at >= nextRateAt) {
      perSecond = 0.4 * 15 ** random.next();
      nextRateAt = at + (2 + random.whole(15)) * MINUTE_MS;
    }
    at += Math.max(1, Math.round((-Math.log(1 - random.next()) / perSecond) * 1000));
    const chance = { latency: random.next(), error: random.next(), rated: random.next(), rating: random.next() };
    calls.push({ at, priority: random.pick(["p0", "p1", "p2"]), costNano: BigInt(1_000_000 + random.whole(4_000_000)), chance });
  }
  const planned: WorldBreak = {
    ...{ guardrail: random.pick(GUARDRAIL_NAMES), from: START + Math.floor(random.next() * (lengthMs - 20 * MINUTE_MS)) },
    ...{ cause: random.chance(0.6) ? "lever" : "outside", lastsMs: (3 + random.whole(12)) * MINUTE_MS },
    ...{ strength: random.next(), which: random.next() },
  };
  return { calls, planned };
}

/** How calls end under levers, and what the break does to them. */
export class ControlsWorld {
  readonly #planned: WorldBreak;
  #started: { readonly at: number; readonly culprit: LeverId; readonly value: number } | undefined;
  #isOver = false;

  constructor(planned: WorldBreak) {
    this.#planned = planned;
  }

  /** When it began, and by what. */
  get started() {
    return this.#started;
  }

  readonly outcomeOf = (call: WorldCall, levers: LeversInForce, state: ControlState): CallOutcome => {
    const isBroken = this.#isBroken(call.at, state);
    const { guardrail, strength } = this.#planned;
    const { latency, error, rated, rating } = call.chance;
    // About 450 ms in the middle and 900 at the 95th percentile; smaller models and shorter answers are quicker.
    const speed = 1 - (levers.small_model_share ?? 0) / 1000 - (levers.response_cap_tokens === undefined ? 0 : 0.05);
    const latencyMs =
      450 * speed * Math.exp(0.42 * normal(latency)) * (isBroken && guardrail === "p95_latency_ms" ? 1.5 + 2 * strength : 1);
    const isError = error < 0.002 + (isBroken && guardrail === "error_rate" ? 0.05 + 0.45 * strength : 0);
    const mean = isBroken && guardrail === "grounded" ? 4 - 2 * strength : 4.7;
    const grounded = rated < RATED && !isError ? Math.min(5, Math.max(1, mean + 0.3 * normal(rating))) : undefined;
    const isSmall = (levers.small_model_share ?? 0) > 100 * latency;
    return {
      at: call.at,
      latencyMs,
      isError,
      isCached: false,
      isRefused: false,
      costNano: isSmall ? call.costNano / 10n : call.costNano,
      grounded,
    };
  };

  #isBroken(at: number, state: ControlState): boolean {
    const { guardrail, from, cause, lastsMs, which } = this.#planned;
    if (this.#isOver || at < from) return false;
    if (!this.#started) {
      const guarded = turnedLevers(state).filter((id) => (leverKind(id).guardedBy as readonly GuardrailName[]).includes(guardrail));
      if (guarded.length === 0) return false;
      const culprit = guarded[Math.floor(which * guarded.length)]!;
      this.#started = { at, culprit, value: leverState(state.levers, culprit).value };
    }
    const { culprit, value } = this.#started;
    const isBack = isCheaper(leverKind(culprit), value, leverState(state.levers, culprit).value);
    this.#isOver = cause === "lever" ? isBack : at >= this.#started.at + lastsMs;
    return !this.#isOver;
  }
}

/** The standard normal deviate below which so much lies, near enough: a logistic of the same spread. */
function normal(share: number): number {
  const bounded = Math.min(1 - 1e-9, Math.max(1e-9, share));
  return Math.log(bounded / (1 - bounded)) / 1.702;
}
