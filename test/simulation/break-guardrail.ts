import { deepStrictEqual } from "node:assert";
import { type LeverId, leverKind } from "../../src/core/levers/lever-list.ts";
import { leverState } from "../../src/core/levers/lever-state.ts";
import type { Signals } from "../../src/core/levers/signal.ts";
import { afterDecisions } from "../../src/core/policy/after-decisions.ts";
import { checkGuardrails } from "../../src/core/policy/check-guardrails.ts";
import { decide } from "../../src/core/policy/decide.ts";
import { type ControlState, type Decision, FRESH_STATE } from "../../src/core/policy/decision.ts";
import { decisionText } from "../../src/core/policy/decision-text.ts";
import type { GuardrailName } from "../../src/core/policy/guardrail-list.ts";
import { DEFAULT_PACE } from "../../src/core/policy/policy.ts";
import { aControl, actions, CAP_NANO } from "../../src/core/policy/policy-test-kit.ts";
import { isTickDue, REVERT_BOUND } from "../../src/core/policy/tick-due.ts";
import { CallWindow, NO_CHANGE } from "../../src/core/replay/call-window.ts";
import { replayCalls, turnedValues } from "../../src/core/replay/replay-calls.ts";
import { ControlsWorld, drawWorld, type WorldBreak, type WorldCall } from "./controls-world.ts";

export interface BreakReport {
  readonly seed: number;
  readonly calls: number;
  readonly ticks: number;
  readonly planned: WorldBreak;
  /** From the moment when the signals showed the break to the first revert for it; undefined where it never began, or was over before it showed. */
  readonly answered: { readonly ms: number; readonly calls: number } | undefined;
}

const control = aControl({
  thresholds: [
    { share: 100_000n, actions: actions("notify:#finops", "enable_prompt_compress", "increase_cache_aggressiveness") },
    { share: 250_000n, actions: actions("route_small_model>=65%", "truncate_response_p95=350") },
    { share: 500_000n, actions: actions("defer_batch", "freeze_feature_flags=[large_model]") },
  ],
});

interface AuditedTick {
  readonly now: number;
  readonly decisions: readonly Decision[];
  readonly before: ControlState;
  readonly after: ControlState;
}

/**
 * One history over the real engine in virtual time, with a guardrail that breaks at a random moment: answered within the bound, without
 * flapping, with a complete audit, and as the dry run of the same calls says.
 * @throws Error that names the seed
 */
export function breakGuardrail(seed: number): BreakReport {
  try {
    const { calls, planned } = drawWorld(seed);
    const live = new LiveRun(calls, planned).run();
    checkAudit(live.audit);
    checkFlapping(live.audit);
    checkDryRun(calls, planned, live.audit);
    return { seed, calls: calls.length, ticks: live.audit.length, planned, answered: live.answered };
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

/** Spending stands for the cap's month: without levers the calls come to 90 % of it. */
function scaleOf(calls: readonly WorldCall[]) {
  return { top: (CAP_NANO * 9n) / 10n, bottom: calls.reduce((sum, { costNano }) => sum + costNano, 0n) };
}

/** The controller's part, as a server does it: its own timer, and states that go through a store as JSON. */
class LiveRun {
  readonly #calls: readonly WorldCall[];
  readonly #planned: WorldBreak;
  readonly #world: ControlsWorld;
  readonly #scale: { readonly top: bigint; readonly bottom: bigint };
  readonly #window = new CallWindow();
  readonly audit: AuditedTick[] = [];
  answered: { ms: number; calls: number } | undefined;
  #stored = JSON.stringify(FRESH_STATE);
  #spentNano = 0n;
  #change = NO_CHANGE;
  #made = 0;
  /** Since when every look at the signals would have seen it broken. */
  #measurable: { at: number; call: number } | undefined;

  constructor(calls: readonly WorldCall[], planned: WorldBreak) {
    [this.#calls, this.#planned, this.#world] = [calls, planned, new ControlsWorld(planned)];
    this.#scale = scaleOf(calls);
  }

  run(): this {
    let [lastTick, sinceTick] = [this.#calls[0]!.at, 0];
    const tick = (now: number) => {
      this.#tick(now);
      [lastTick, sinceTick] = [now, 0];
    };
    const timerMs = REVERT_BOUND.ms / 2;
    for (const call of this.#calls) {
      while (lastTick + timerMs <= call.at) tick(lastTick + timerMs);
      const state = JSON.parse(this.#stored) as ControlState;
      const outcome = this.#world.outcomeOf(call, turnedValues(state), state);
      this.#window.add(outcome);
      this.#spentNano += outcome.costNano;
      this.#made += 1;
      this.#watch(call.at, state);
      sinceTick += 1;
      if (isTickDue(call.at - lastTick, sinceTick)) tick(call.at);
    }
    while (lastTick + timerMs <= this.#calls.at(-1)!.at + timerMs) tick(lastTick + timerMs);
    return this;
  }

  #tick(now: number): void {
    const before = JSON.parse(this.#stored) as ControlState;
    const { decisions } = decide(control, this.#facts(now), before, [], now);
    const after = afterDecisions(before, decisions, now);
    this.#stored = JSON.stringify(after);
    this.audit.push({ now, decisions, before, after });
    if (decisions.some(({ kind }) => kind === "apply" || kind === "revert")) this.#change = { calls: this.#window.count, at: now };
    const isAnswer = decisions.some(
      (one) => one.kind === "revert" && one.cause === "guardrail" && one.guardrails.some(({ name }) => name === this.#planned.guardrail),
    );
    if (isAnswer && this.#measurable) this.#answer(now);
    if (decisions.some(({ kind }) => kind === "apply" || kind === "revert")) this.#measurable = undefined;
  }

  #answer(now: number): void {
    const [ms, calls] = [now - this.#measurable!.at, this.#made - this.#measurable!.call];
    this.answered ??= { ms, calls };
    if (ms > REVERT_BOUND.ms || calls > REVERT_BOUND.calls)
      throw new Error(`${this.#planned.guardrail} was answered after ${ms} ms and ${calls} calls`);
  }

  /** After every call of a break: whether the signals show it by now, and whether it has been left standing for too long. */
  #watch(at: number, state: ControlState): void {
    if (!this.#world.started || this.answered) return;
    const guardrail = this.#planned.guardrail;
    const guarded = (id: LeverId) => (leverKind(id).guardedBy as readonly GuardrailName[]).includes(guardrail);
    const isTurned = Object.keys(turnedValues(state)).some((id) => guarded(id as LeverId));
    const probe = { ...leverKind("feature_freeze/any"), guardedBy: [guardrail] };
    const { broken } = checkGuardrails(control, probe, { spending: undefined, signals: this.#signals(at) }, at);
    if (broken.length === 0 || !isTurned) this.#measurable = undefined;
    else this.#measurable ??= { at, call: this.#made };
    if (!this.#measurable) return;
    const [ms, calls] = [at - this.#measurable.at, this.#made - this.#measurable.call];
    if (ms > REVERT_BOUND.ms || calls > REVERT_BOUND.calls) throw new Error(`${guardrail} stands broken for ${ms} ms and ${calls} calls`);
  }

  #signals(now: number): Signals {
    return this.#window.measure(now, this.#change);
  }

  #facts(now: number) {
    const spentNano = (this.#spentNano * this.#scale.top) / this.#scale.bottom;
    return { spending: { spentNano, observedAt: now }, signals: this.#signals(now) };
  }
}

/** Every change of a value has its decision with the same from and to, and the states follow from the decisions alone. */
function checkAudit(audit: readonly AuditedTick[]): void {
  let replayed = FRESH_STATE;
  for (const { now, decisions, before, after } of audit) {
    deepStrictEqual(plain(replayed), plain(before));
    for (const id of Object.keys(after.levers) as LeverId[]) {
      const [from, to] = [leverState(before.levers, id).value, leverState(after.levers, id).value];
      const explained = decisions.filter((one) => (one.kind === "apply" || one.kind === "revert") && one.lever === id);
      const isTold = from === to ? explained.length === 0 : explained.length === 1;
      const [one] = explained;
      if (!isTold || (one && "to" in one && (one.from !== from || one.to !== to)))
        throw new Error(`${id} went from ${from} to ${to} at ${now} without its decision`);
    }
    replayed = afterDecisions(replayed, thawed(decisions), now);
  }
}

/** At most one step per lever and cool-down, and none in the cool-down after it was turned back. */
function checkFlapping(audit: readonly AuditedTick[]): void {
  const last = new Map<string, number>();
  for (const { now, decisions } of audit) {
    for (const one of decisions) {
      if (one.kind !== "apply" && one.kind !== "revert") continue;
      const sinceMs = now - (last.get(one.lever) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < DEFAULT_PACE.coolDownMs && !(one.kind === "revert" && one.cause === "guardrail"))
        throw new Error(`${one.lever} flaps: ${decisionText(one)} ${sinceMs} ms after the change before`);
      last.set(one.lever, now);
    }
  }
}

/** The dry run's replay of the same calls in the same world decides the same, tick by tick. */
function checkDryRun(calls: readonly WorldCall[], planned: WorldBreak, audit: readonly AuditedTick[]): void {
  const world = new ControlsWorld(planned);
  let tick = 0;
  for (const { now, verdict, state } of replayCalls({ control, calls, outcomeOf: world.outcomeOf, scale: scaleOf(calls) })) {
    const live = audit[tick]!;
    deepStrictEqual(
      [now, verdict.decisions.map(decisionText), plain(state)],
      [live.now, live.decisions.map(decisionText), plain(live.after)],
    );
    tick += 1;
  }
  if (tick !== audit.length) throw new Error(`the dry run has ${tick} ticks, the live run ${audit.length}`);
}

/** As a store gives it back. */
function plain(state: ControlState): unknown {
  return JSON.parse(JSON.stringify(state));
}

/** Decisions as an audit log keeps them: text and back. */
function thawed(decisions: readonly Decision[]): Decision[] {
  const text = JSON.stringify(decisions, (_, value: unknown) => (typeof value === "bigint" ? { nano: value.toString() } : value));
  return JSON.parse(text, (_, value: unknown) => (isNano(value) ? BigInt(value.nano) : value)) as Decision[];
}

function isNano(value: unknown): value is { readonly nano: string } {
  return typeof value === "object" && value !== null && "nano" in value;
}
