import { Problem } from "../contract/problem.ts";
import { formatUsd, type Nano } from "../core/money/usd.ts";
import { type RunawayRule, SpendCourse } from "../core/runaway/spend-course.ts";
import type { Instant } from "../core/time/window.ts";
import type { CallRecord } from "./call-record.ts";

/** Names of runs and sessions come from callers, so the memory for them must have an end. */
const MOST_WATCHED = 10_000;

const KINDS = ["api_key", "run", "session"] as const;
type WatchedKind = (typeof KINDS)[number];

/**
 * Who spends many times what is usual for them: each virtual key, run and session by its own calls through this process, as they end. What
 * budgets bound is bound all the same.
 */
export class RunawayGuard {
  readonly #rule: RunawayRule | undefined;
  readonly #courses: Readonly<Record<WatchedKind, Map<string, SpendCourse>>> = { api_key: new Map(), run: new Map(), session: new Map() };

  /** @param rule undefined watches nobody */
  constructor(rule: RunawayRule | undefined) {
    this.#rule = rule;
  }

  /** @throws Problem runaway_throttled while whoever calls runs away; p0 is no way out, since callers say it themselves */
  check(record: CallRecord): void {
    if (!this.#rule?.stops) return;
    for (const { kind, name, key } of watchedOf(record)) {
      const runaway = this.#courses[kind].get(key)?.look(record.at);
      if (runaway) throw throttled(kind, name, runaway, this.#rule, record.at);
    }
  }

  /** Counts what a call cost. @returns what is to be told, as a row of the outbox under "alert", when somebody begins to run away with it */
  ended(record: CallRecord, bookedNano: Nano, at: Instant): string | undefined {
    if (!this.#rule || bookedNano <= 0n) return undefined;
    const { factor, windowMs, stops } = this.#rule;
    let told: string | undefined;
    for (const { kind, name, key } of watchedOf(record)) {
      const runaway = this.#courseOf(kind, key, this.#rule).spend(bookedNano, at);
      if (!runaway || told !== undefined) continue;
      const spent = {
        spent_usd: formatUsd(runaway.spentNano),
        usual_usd: formatUsd(runaway.usualNano),
        limit_usd: formatUsd(runaway.limitNano),
      };
      const who = { tenant: record.caller!.scope.tenant, who: kind, name };
      told = JSON.stringify({ type: "runaway_spend", ...who, ...spent, factor, window_ms: windowMs, throttled: stops, at });
    }
    return told;
  }

  /** Of those watched the one that was silent the longest makes room. */
  #courseOf(kind: WatchedKind, key: string, rule: RunawayRule): SpendCourse {
    const courses = this.#courses[kind];
    const course = courses.get(key) ?? new SpendCourse(rule);
    courses.delete(key);
    if (courses.size >= MOST_WATCHED) courses.delete(courses.keys().next().value!);
    courses.set(key, course);
    return course;
  }
}

function watchedOf({ caller, said }: CallRecord): { kind: WatchedKind; name: string; key: string }[] {
  const { scope, key } = caller!;
  const names: Readonly<Record<WatchedKind, string | undefined>> = { api_key: key.id, run: scope.run, session: said?.sessionId };
  return KINDS.flatMap((kind) => {
    const name = names[kind];
    return name ? [{ kind, name, key: kind === "api_key" ? name : `${scope.tenant} ${name}` }] : [];
  });
}

type Seen = NonNullable<ReturnType<SpendCourse["look"]>>;

function throttled(who: WatchedKind, name: string, runaway: Seen, { factor, windowMs }: RunawayRule, now: Instant): Problem {
  const { recentNano, usualNano, limitNano, overAt } = runaway;
  const [recent, usual, limit] = [recentNano, usualNano, limitNano].map(formatUsd);
  const minutes = windowMs / 60_000;
  const message = `${who} ${name} spent ${recent} USD in the last ${minutes} minutes; usual are ${usual} USD, and ${factor} times that, or ${limit} USD, is too much.`;
  const figures = { spent_usd: recent, usual_usd: usual, limit_usd: limit, factor, window_minutes: minutes };
  return new Problem(
    "runaway_throttled",
    { who, name, ...figures, retry_after_s: Math.max(1, Math.ceil((overAt - now) / 1000)) },
    { message },
  );
}
