import { LARGE, type PlayedCall } from "./controls-run.ts";

/** A mean or share, and how far it may be off 95 times in 100. */
export interface Uncertain {
  readonly value: number;
  readonly margin: number;
}

/** The same calls twice. */
export interface Compared {
  readonly calls: number;
  /** Percent by which a call of the second time costs less; the margin is that of more calls like these. */
  readonly saved: Uncertain;
  readonly usdPerCall: readonly [number, number];
  /** Mean of the calls whose answers can be judged, 0 to 1, and by how much it changed from call to call. */
  readonly quality: readonly [number, number];
  readonly qualityChange: Uncertain;
  readonly judged: number;
  readonly errorShare: readonly [number, number];
  readonly p95Ms: readonly [number, number];
  /** Shares of the second time. */
  readonly cached: number;
  readonly small: number;
  readonly cut: number;
}

export function compareCalls(before: readonly PlayedCall[], after: readonly PlayedCall[]): Compared {
  const both = before.map((one, index) => [one, after[index]!] as const);
  const judged = both.flatMap(([one, other]) =>
    one.quality === undefined || other.quality === undefined ? [] : [[one.quality, other.quality] as const],
  );
  const [costBefore, costAfter] = [sumOf(before, usdOf), sumOf(after, usdOf)];
  const ratio = costAfter / costBefore;
  const off = Math.sqrt(both.reduce((sum, [one, other]) => sum + (usdOf(other) - ratio * usdOf(one)) ** 2, 0)) / costBefore;
  const change = judged.map(([one, other]) => other - one);
  const mean = change.reduce((sum, each) => sum + each, 0) / judged.length;
  const spread = Math.sqrt(change.reduce((sum, each) => sum + (each - mean) ** 2, 0)) / judged.length;
  const twice = (of: (calls: readonly PlayedCall[]) => number) => [of(before), of(after)] as const;
  const shareOf = (calls: readonly PlayedCall[], is: (call: PlayedCall) => boolean) => calls.filter(is).length / calls.length;
  return {
    calls: both.length,
    saved: { value: 100 * (1 - ratio), margin: 196 * off },
    usdPerCall: [costBefore / both.length, costAfter / both.length],
    quality: [0, 1].map((at) => judged.reduce((sum, pair) => sum + pair[at]!, 0) / judged.length) as [number, number],
    qualityChange: { value: mean, margin: 1.96 * spread },
    judged: judged.length,
    errorShare: twice((calls) => shareOf(calls, ({ isError }) => isError)),
    p95Ms: twice(p95),
    cached: shareOf(after, ({ trace }) => trace.cache_hit === true),
    small: shareOf(after, ({ trace }) => trace.cache_hit !== true && trace.model_id !== LARGE),
    cut: shareOf(after, ({ isCut }) => isCut),
  };
}

/** For statistics. */
function usdOf({ costNano }: PlayedCall): number {
  return Number(costNano) / 1e9;
}

function sumOf(calls: readonly PlayedCall[], of: (call: PlayedCall) => number): number {
  return calls.reduce((sum, call) => sum + of(call), 0);
}

function p95(calls: readonly PlayedCall[]): number {
  const sorted = calls.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1]!;
}
