import type { LoadCaller } from "./load-caller.ts";

/** What every benchmark is given. */
export interface BenchSetting {
  readonly rounds: number;
  /** Length of one measured stretch. */
  readonly seconds: number;
  /** Calls of the memory benchmark, after its first tenth. */
  readonly calls: number;
  /** The checkout whose Ballast is measured. */
  readonly checkout: string;
  /** Another checkout to set it against. */
  readonly against: string | undefined;
  /** Public data sets, for what is measured on recorded answers; a part whose data is not there says so. */
  readonly data: string;
  readonly caller: LoadCaller;
  /** Says how far it has come. */
  say(words: string): void;
}

export const WARM_UP_MS = 2000;
export const CALLERS = 128;
