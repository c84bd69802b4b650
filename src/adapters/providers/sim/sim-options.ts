import { Problem } from "../../../contract/problem.ts";
import type { Distribution } from "./sim-random.ts";

/** How the simulated provider behaves where no directive of a request says otherwise. */
export interface SimOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** The same seed and the same order of requests give the same answers. 1 by default. */
  readonly seed?: number;
  /** Time to the first token. 0 by default. */
  readonly ttftMs?: Distribution;
  /** Speed of one answer; 0, the default, is as fast as the machine can. */
  readonly tokensPerS?: Distribution;
  /** Tokens of one answer, reasoning included. 50 by default, or `streamChunks` if that is more. */
  readonly outputTokens?: Distribution;
  /** Share of the prompt tokens that were read from the prompt cache, 0 to 1, rounded down to a token. */
  readonly cacheReadShare?: number;
  /** HTTP status to the share of requests that are refused with it, such as { "429": 0.02, "529": 0.01 }. */
  readonly errorRates?: Readonly<Record<string, number>>;
  /** Sent as retry-after with drawn 429, 503 and 529; none by default. */
  readonly retryAfterS?: number;
  /** Share of the answers whose connection is cut half way. */
  readonly dropRate?: number;
  /** Pieces a streamed answer is cut into, never more than its tokens; one per token by default. */
  readonly streamChunks?: number;
  /**
   * Pieces that leave in one write when there is no pacing. All that fit into 64 KiB by default, which is the fastest for this
   * process; 1 gives the reader one small packet per piece, as real providers do.
   */
  readonly chunksPerWrite?: number;
  /** true: any API key is accepted, none is refused with 401. A text: this key only. */
  readonly requireKey?: boolean | string;
  /** What GET /v1/models lists. */
  readonly models?: readonly string[];
  /** Answers 404 for every model that is not in `models`. */
  readonly onlyListedModels?: boolean;
  /** How many of the last requests stats() remembers one by one. 10,000 by default. */
  readonly keepRecords?: number;
}

export const SIM_MODELS: readonly string[] = [
  "gpt-4o",
  "gpt-4o-mini",
  "gpt-4.1",
  "gpt-4.1-mini",
  "gpt-4.1-nano",
  "gpt-5.4",
  "gpt-5.4-mini",
  "gpt-5.4-nano",
  "text-embedding-3-small",
  "text-embedding-3-large",
  "claude-opus-4-8",
  "claude-sonnet-5",
  "claude-haiku-4-5",
];

const CHECKS: Readonly<Record<keyof SimOptions, (value: unknown) => boolean>> = {
  port: (value) => isWhole(value) && value <= 65_535,
  host: (value) => typeof value === "string",
  seed: (value) => Number.isInteger(value),
  ttftMs: isDistribution,
  tokensPerS: isDistribution,
  outputTokens: isDistribution,
  cacheReadShare: isShare,
  errorRates: (value) => isObject(value) && Object.entries(value).every(([status, share]) => /^[45]\d\d$/.test(status) && isShare(share)),
  retryAfterS: isAmount,
  dropRate: isShare,
  streamChunks: (value) => isWhole(value) && value > 0,
  chunksPerWrite: (value) => isWhole(value) && value > 0,
  requireKey: (value) => typeof value === "boolean" || typeof value === "string",
  models: (value) => Array.isArray(value) && value.every((model) => typeof model === "string"),
  onlyListedModels: (value) => typeof value === "boolean",
  keepRecords: isWhole,
};

/** @throws Problem invalid_request that names the option */
export function readSimOptions(value: unknown): SimOptions {
  if (!isObject(value)) throw new Problem("invalid_request", {}, { message: "The options of the sim provider are not an object." });
  for (const [name, given] of Object.entries(value)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof SimOptions] : undefined;
    if (!check) {
      throw new Problem(
        "invalid_request",
        { field: name },
        { message: `The sim provider has no option ${name}; it has ${Object.keys(CHECKS).join(", ")}.` },
      );
    }
    if (given !== undefined && !check(given)) {
      throw new Problem(
        "invalid_request",
        { field: name },
        { message: `Option ${name} of the sim provider cannot be ${JSON.stringify(given)}.` },
      );
    }
  }
  return value as SimOptions;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isWhole(value: unknown): value is number {
  return isAmount(value) && Number.isInteger(value);
}

function isShare(value: unknown): boolean {
  return isAmount(value) && value <= 1;
}

function isDistribution(value: unknown): boolean {
  if (isAmount(value)) return true;
  if (!isObject(value)) return false;
  if (value.max !== undefined && !isAmount(value.max)) return false;
  switch (value.kind) {
    case "fixed":
      return isAmount(value.value);
    case "uniform":
      return isAmount(value.min) && isAmount(value.max) && value.min <= value.max;
    case "exponential":
      return isAmount(value.mean);
    case "lognormal":
      return isAmount(value.median) && isAmount(value.p95) && value.median > 0 && value.p95 >= value.median;
    default:
      return false;
  }
}
