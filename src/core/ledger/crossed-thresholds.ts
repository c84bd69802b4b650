import type { Nano } from "../money/usd.ts";

/** The thresholds, in whole percents of the limit, that spending reached on its way from `before` to `after`. */
export function crossedThresholds(move: {
  readonly before: Nano;
  readonly after: Nano;
  readonly limit: Nano;
  readonly thresholds: readonly number[];
}): number[] {
  return move.thresholds.filter((percent) => {
    const reached = BigInt(percent) * move.limit;
    return move.before * 100n < reached && move.after * 100n >= reached;
  });
}
