/** What a series says at one tick. */
export type SeriesPoint =
  | { readonly kind: "value"; readonly value: number }
  /** Nothing was measured. */
  | { readonly kind: "missing" }
  /** The last measurement is a day old. */
  | { readonly kind: "stale" }
  /** Measured on a single sample. */
  | { readonly kind: "few" };

export type SeriesReading =
  | { readonly outcome: "read"; readonly points: readonly SeriesPoint[] }
  | { readonly outcome: "wrong"; readonly message: string; readonly at: number };

const NUMBER = "[+-]?\\d+(?:\\.\\d+)?";
const RUN = new RegExp(`^(${NUMBER})(%?)(?:([+-]\\d+(?:\\.\\d+)?)(%?))?(?:x(\\d{1,5}))?$`);
const GAP = /^(_|stale|few)(?:x(\d{1,5}))?$/;
const MOST_POINTS = 100_000;

/**
 * A series as Prometheus writes them for rule tests, one point a tick: "900 950 _ 1200x5 0.7+0.01x20". "ax5" is a and five more,
 * "a+bx5" goes on by b five times, "_x5" is five times nothing; "stale" and "few" are signals that may not be acted on.
 */
export function readSeries(text: string): SeriesReading {
  const points: SeriesPoint[] = [];
  for (const match of text.matchAll(/\S+/g)) {
    const word = match[0];
    const more = pointsOf(word);
    if (!more)
      return {
        outcome: "wrong",
        at: match.index,
        message: `expected points such as 900, 0.7+0.01x20, 1200x5, _x3, stale or few, found ${word}`,
      };
    points.push(...more);
    if (points.length > MOST_POINTS) return { outcome: "wrong", at: match.index, message: `expected at most ${MOST_POINTS} points` };
  }
  return points.length > 0
    ? { outcome: "read", points }
    : { outcome: "wrong", at: 0, message: "expected at least one point, found nothing" };
}

function pointsOf(word: string): SeriesPoint[] | undefined {
  const gap = GAP.exec(word);
  if (gap) {
    const kind = gap[1] === "_" ? "missing" : (gap[1] as "stale" | "few");
    return Array.from({ length: gap[2] === undefined ? 1 : Number(gap[2]) }, () => ({ kind }));
  }
  const run = RUN.exec(word);
  if (!run) return undefined;
  const [, first, percent, step, stepPercent, times] = run;
  if (step !== undefined && times === undefined) return undefined;
  // Counted in millionths, so that ten steps of 0.01 from 0.7 come to 0.8 and not to 0.7999999999999999.
  const start = Math.round(Number(first) * 1e6);
  const by = Math.round(Number(step ?? 0) * 1e6);
  const unit = percent === "%" || stepPercent === "%" ? 1e8 : 1e6;
  return Array.from({ length: Number(times ?? 0) + 1 }, (_, index) => ({ kind: "value", value: (start + by * index) / unit }));
}

/** The point of a tick; a series that has ended stays as it was last. */
export function pointAt(points: readonly SeriesPoint[], tick: number): SeriesPoint {
  return points[Math.min(tick, points.length - 1)]!;
}
