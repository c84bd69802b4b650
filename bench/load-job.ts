/** What the load generator is told to do. */
export interface LoadJob {
  /** Origin of the server, such as http://127.0.0.1:3010. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn. */
  readonly bodies: readonly string[];
  /** Closed loop: so many callers, each sending its next call when the last has ended. Open loop: the most calls under way. */
  readonly connections: number;
  /** Open loop: calls start at this fixed rate whether or not earlier ones have ended. Closed loop when missing. */
  readonly ratePerS?: number;
  /** It ends after this time, or after this many calls, whichever is given. */
  readonly durationMs?: number;
  readonly calls?: number;
  /** Share of the calls whose caller leaves before the end of the answer, 0 to 1. */
  readonly cancelShare?: number;
}

export interface LoadReport {
  /** Calls answered with 200 to the last byte, before the time was up. */
  readonly completed: number;
  readonly cancelled: number;
  readonly failed: number;
  /** What the first failed call was answered. */
  readonly firstFailure: string | undefined;
  readonly seconds: number;
  /** Milliseconds to the last byte; in the open loop from the moment at which the call was due, not from when it was sent. */
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
}
