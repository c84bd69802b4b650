/** The wall clock, in UTC milliseconds. Handed in by serve.ts; nothing else in the product asks for the time. */
export function systemClock(): number {
  return Date.now();
}

/** A clock for durations, in milliseconds: never set back. */
export function steadyClock(): number {
  return performance.now();
}
