const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "90s", "10m", "1h" or "7d" in milliseconds; undefined when it is no such text. A day has 24 hours here. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2]!]! : undefined;
}

/** 5400000 is "90m": in the largest unit that leaves no rest. */
export function durationText(ms: number): string {
  const [unit, size] = Object.entries(UNIT_MS)
    .reverse()
    .find(([, size]) => ms >= size && ms % size === 0) ?? ["s", 1_000];
  return `${ms / size}${unit}`;
}
