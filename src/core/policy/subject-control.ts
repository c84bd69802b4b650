import { invariant } from "../invariant.ts";
import type { OptimiseSettings } from "../optimiser/arm-grid.ts";
import { GUARDRAIL_NAMES, type GuardrailLimits, stricterLimit } from "./guardrail-list.ts";
import {
  DEFAULT_PACE,
  type Exclusion,
  type Pace,
  type Subject,
  type SubjectPolicy,
  subjectKey,
  type Threshold,
  thresholdKey,
} from "./policy.ts";

/** All policies of one subject, as the engine takes them: the strictest limit and the slowest pace of any of them hold. */
export interface SubjectControl {
  readonly subject: Subject;
  readonly policies: readonly SubjectPolicy[];
  /** Of all policies, by the key under which their state is kept. */
  readonly thresholds: ReadonlyMap<string, { readonly policy: SubjectPolicy; readonly threshold: Threshold }>;
  readonly limits: GuardrailLimits;
  readonly pace: Pace;
  readonly exclusions: readonly Exclusion[];
  /** Of the first policy that has one. */
  readonly optimise?: OptimiseSettings | undefined;
}

/** One control per subject, by its key. Made once for a set of policies, not for every tick. */
export function subjectControls(policies: readonly SubjectPolicy[]): Map<string, SubjectControl> {
  const bySubject = new Map<string, SubjectPolicy[]>();
  for (const policy of policies) {
    const key = subjectKey(policy.subject);
    const others = bySubject.get(key);
    if (others) others.push(policy);
    else bySubject.set(key, [policy]);
  }
  return new Map([...bySubject].map(([key, all]) => [key, controlOf(all[0]!.subject, all)]));
}

/** A subject that has lever states and no policy any more: nothing is asked of its levers, so they go back. */
export function withoutPolicy(subject: Subject): SubjectControl {
  const limits = { p95_latency_ms: "off", error_rate: "off", grounded: "off" } as const;
  return { subject, policies: [], thresholds: new Map(), limits, pace: DEFAULT_PACE, exclusions: [] };
}

function controlOf(subject: Subject, policies: readonly SubjectPolicy[]): SubjectControl {
  // Thresholds are remembered by the name of their policy.
  const names = new Set(policies.map(({ policy }) => policy));
  invariant(names.size === policies.length, `two policies of one name are about ${subjectKey(subject)}`);
  const limits = policies.map((policy) => policy.limits).reduce(strictest);
  const pace = policies.map((policy) => policy.pace).reduce(slowest);
  const optimise = policies.find((policy) => policy.optimise)?.optimise;
  const thresholds = new Map(
    policies.flatMap((policy) => policy.thresholds.map((threshold) => [thresholdKey(policy, threshold), { policy, threshold }] as const)),
  );
  return { subject, policies, thresholds, limits, pace, exclusions: policies.flatMap((policy) => policy.exclusions), optimise };
}

function strictest(one: GuardrailLimits, other: GuardrailLimits): GuardrailLimits {
  const entries = GUARDRAIL_NAMES.map((name) => [name, stricterLimit(name, one[name], other[name])]);
  return Object.fromEntries(entries) as GuardrailLimits;
}

function slowest(one: Pace, other: Pace): Pace {
  return {
    probationMs: Math.max(one.probationMs, other.probationMs),
    coolDownMs: Math.max(one.coolDownMs, other.coolDownMs),
    clearMargin: one.clearMargin > other.clearMargin ? one.clearMargin : other.clearMargin,
    holdOffMs: Math.max(one.holdOffMs, other.holdOffMs),
    terms: {
      leastSamples: Math.max(one.terms.leastSamples, other.terms.leastSamples),
      mostAgeMs: Math.min(one.terms.mostAgeMs, other.terms.mostAgeMs),
    },
  };
}
