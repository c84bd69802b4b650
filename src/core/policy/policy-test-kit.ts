import fc from "fast-check";
import type { Signals } from "../levers/signal.ts";
import { SIGNALS, type SignalName } from "../levers/signal-list.ts";
import type { Instant } from "../time/window.ts";
import type { Action } from "./action.ts";
import type { SubjectFacts } from "./decision.ts";
import { DEFAULT_LIMITS } from "./guardrail-list.ts";
import { DEFAULT_PACE, type SubjectPolicy } from "./policy.ts";
import { readAction } from "./read-action.ts";
import { type SubjectControl, subjectControls } from "./subject-control.ts";

export const SUBJECT = { kind: "use_case", name: "ops_copilot" } as const;
export const CAP_NANO = 9_000_000_000_000n;
export const START: Instant = Date.parse("2026-11-21T03:00:00Z");
export const MINUTE_MS = 60_000;

export function actions(...texts: string[]): Action[] {
  return texts.flatMap((text) => {
    const reading = readAction(text);
    if (reading.outcome !== "read") throw new Error(`${text}: ${JSON.stringify(reading)}`);
    return reading.actions;
  });
}

/** The use case of the controls document, with its three thresholds. */
export function aPolicy(more: Partial<SubjectPolicy> = {}): SubjectPolicy {
  return {
    policy: "spend_slo.yaml",
    subject: SUBJECT,
    capNano: CAP_NANO,
    thresholds: [
      { share: 750_000n, actions: actions("notify:#finops", "enable_prompt_compress", "increase_cache_aggressiveness") },
      { share: 900_000n, actions: actions("route_small_model>=65%", "depth_k=max(4)", "truncate_response_p95=350") },
      { share: 1_000_000n, actions: actions("freeze_feature_flags=[large_model]", "require_exec_approval", "postmortem_required") },
    ],
    exclusions: [
      { reason: "security_fix", approver: "VP Platform" },
      { reason: "sev1_remediation", approver: "Head of SRE" },
    ],
    limits: DEFAULT_LIMITS,
    pace: DEFAULT_PACE,
    ...more,
  };
}

export function aControl(more: Partial<SubjectPolicy> = {}): SubjectControl {
  return subjectControls([aPolicy(more)]).get("use_case:ops_copilot")!;
}

export interface FactsText {
  /** Of the cap; nothing is unknown. */
  readonly burn?: number | undefined;
  readonly values?: Partial<Record<SignalName, number>>;
  readonly samples?: number;
  readonly observedAt?: Instant;
}

const HEALTHY = { p95_latency_ms: 900, error_rate: 0.002, grounded: 4.5 };

/** Fresh facts with guardrails that hold, unless said otherwise. */
export function someFacts(now: Instant, { burn, values = {}, samples = 500, observedAt = now }: FactsText): SubjectFacts {
  const measured = Object.entries({ ...HEALTHY, ...values }) as [SignalName, number][];
  const signals: Signals = Object.fromEntries(
    measured.map(([name, value]) => [name, { name, value, samples, observedAt, windowMs: SIGNALS[name].windowMs }]),
  );
  const spentNano = burn === undefined ? 0n : (CAP_NANO * BigInt(Math.round(burn * 1e6))) / 1_000_000n;
  return { signals, spending: burn === undefined ? undefined : { spentNano, observedAt } };
}

/** One moment of a generated history: what had passed since the one before, and what was measured. */
export interface Moment {
  readonly afterMs: number;
  readonly burn: number | undefined;
  readonly p95: number | undefined;
  readonly errors: number | undefined;
  readonly grounded: number | undefined;
  readonly ageMs: number;
  readonly samples: number;
}

const nowAndThen = <Value>(usual: fc.Arbitrary<Value>, rare: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: rare });
const orMissing = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 60 });

/** Spending that stays high, or wanders around the thresholds, or jumps anywhere. */
const BURNS = [
  fc.double({ min: 0.9, max: 0.99, noNaN: true }),
  fc.double({ min: 0.96, max: 1.2, noNaN: true }),
  fc.constantFrom(0.69, 0.7, 0.74, 0.75, 0.76, 0.84, 0.85, 0.89, 0.9, 0.91, 0.94, 1),
  fc.double({ min: 0, max: 1.2, noNaN: true }),
];

/** Histories whose guardrails break now and then, and whose signals are now and then late, thin or gone. */
export function moments(): fc.Arbitrary<Moment[]> {
  const withBurn = (burn: fc.Arbitrary<number>) =>
    fc.record({
      afterMs: fc.integer({ min: 1_000, max: 240_000 }),
      burn: orMissing(nowAndThen(burn, BURNS[3]!)),
      p95: orMissing(nowAndThen(fc.integer({ min: 500, max: 1200 }), fc.constant(1300))),
      errors: orMissing(nowAndThen(fc.constant(0.002), fc.constant(0.03))),
      grounded: orMissing(nowAndThen(fc.constantFrom(4.2, 4.6), fc.constant(4.0))),
      ageMs: nowAndThen(fc.constant(0), fc.constantFrom(120_000, 120_001, 900_000, -1)),
      samples: nowAndThen(fc.constantFrom(30, 500), fc.constantFrom(0, 29)),
    });
  return fc.constantFrom(...BURNS).chain((burn) => fc.array(withBurn(burn), { minLength: 1, maxLength: 150, size: "max" }));
}

export function factsOf(moment: Moment, now: Instant): SubjectFacts {
  const facts = someFacts(now, { burn: moment.burn, samples: moment.samples, observedAt: now - moment.ageMs });
  const wanted = { p95_latency_ms: moment.p95, error_rate: moment.errors, grounded: moment.grounded };
  const signals = Object.fromEntries(
    Object.entries(wanted).flatMap(([name, value]) => {
      return value === undefined ? [] : [[name, { ...facts.signals[name as SignalName]!, value }]];
    }),
  );
  return { ...facts, signals };
}
