import { exhaustionSignal, forecastExhaustion } from "../core/forecast/exhaustion.ts";
import type { PacingFacts } from "../core/forecast/pacing.ts";
import { priorityNeeds } from "../core/forecast/priority-needs.ts";
import type { Signal } from "../core/levers/signal.ts";
import type { Spending } from "../core/policy/decision.ts";
import type { SubjectControl } from "../core/policy/subject-control.ts";
import type { Instant } from "../core/time/window.ts";
import type { SubjectHour } from "../ports/control-signals-question.ts";

export interface SubjectForecast {
  readonly exhaustion: Signal | undefined;
  readonly pacing: PacingFacts | undefined;
}

/**
 * When the strictest cap of a subject will be spent, and what each priority will want until it begins anew. As of when its hours are known:
 * when the warehouse is away, a forecast grows old like every other signal.
 */
export function forecastSubject(
  { policies }: SubjectControl,
  { spentNano, windowEndsAt }: Spending,
  hours: readonly SubjectHour[],
  observedAt: Instant,
  now: Instant,
): SubjectForecast {
  if (windowEndsAt === undefined || policies.length === 0) return { exhaustion: undefined, pacing: undefined };
  const capNano = policies.map((policy) => policy.capNano).reduce((least, cap) => (cap < least ? cap : least));
  const perHour = [...Map.groupBy(hours, ({ at }) => at)].map(([at, some]) => ({
    at,
    nano: some.reduce((sum, { nano }) => sum + nano, 0n),
  }));
  const ordered = perHour.sort((one, other) => one.at - other.at);
  const exhaustion = exhaustionSignal(forecastExhaustion({ spentNano, capNano, hours: ordered, now, windowEndsAt }), now);
  const pacing = priorityNeeds(hours, now, windowEndsAt);
  return { exhaustion: exhaustion && { ...exhaustion, observedAt }, pacing: pacing && { ...pacing, observedAt } };
}
