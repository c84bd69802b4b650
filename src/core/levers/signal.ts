import type { Instant } from "../time/window.ts";
import { SIGNALS, type SignalName } from "./signal-list.ts";

/** A measured value, with all that is needed to judge whether it may be acted on. */
export interface Signal {
  readonly name: SignalName;
  /** In the unit of the signal's kind: shares are 0 to 1. */
  readonly value: number;
  /** How far back it was measured. */
  readonly windowMs: number;
  /** How many calls, answers or ratings it is made of. */
  readonly samples: number;
  readonly observedAt: Instant;
  /** Nothing before this is in it, where its source says so: the newest change of a lever of the subject. */
  readonly since?: Instant | undefined;
}

/** The signals of one subject at one moment. */
export type Signals = Readonly<Partial<Record<SignalName, Signal>>>;

/** How much a signal must hold to be acted on. */
export interface SignalTerms {
  /** Of signals that are made of calls or ratings. */
  readonly leastSamples: number;
  readonly mostAgeMs: number;
}

export type SignalReading =
  | { readonly outcome: "fresh"; readonly value: number }
  | { readonly outcome: "missing" | "stale" | "too_few_samples" | "not_a_number"; readonly detail: string };

/** The signal's value, or why nothing may be decided by it. A signal from the future is as little to be trusted as an old one. */
export function readSignal(signals: Signals, name: SignalName, now: Instant, terms: SignalTerms): SignalReading {
  const signal = signals[name];
  if (signal === undefined) return { outcome: "missing", detail: `${name} is missing` };
  const ageMs = now - signal.observedAt;
  if (!(ageMs >= 0 && ageMs <= terms.mostAgeMs)) {
    const age = ageMs < 0 ? "from the future" : `${Math.floor(ageMs / 1000)} s old, more than ${Math.floor(terms.mostAgeMs / 1000)} s`;
    return { outcome: "stale", detail: `${name} is ${age}` };
  }
  if (!Number.isFinite(signal.value)) return { outcome: "not_a_number", detail: `${name} is no number` };
  const least = SIGNALS[name].counted ? terms.leastSamples : 0;
  if (!(signal.samples >= least))
    return { outcome: "too_few_samples", detail: `${name} has ${signal.samples} samples, fewer than ${least}` };
  return { outcome: "fresh", value: signal.value };
}
