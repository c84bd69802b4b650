import type { Nano } from "../core/money/usd.ts";

/** Where calls are sent. A dialect that caller and provider share passes through untouched. */
export interface ProviderTarget {
  /** The configured name; the `provider` dimension of the scope. */
  readonly name: string;
  /** Wire dialects its endpoints speak. */
  readonly dialects: readonly ProviderDialect[];
  /** Without a trailing slash; paths such as /v1/chat/completions are appended. */
  readonly baseUrl: string;
  /** Sent on every call; holds the provider's secret, so never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** Provider id in the price list. */
  readonly priceList: string;
  /** The provider says what each call cost, and that is booked. Calls of models without a list price hold so much, or are refused. */
  readonly reportsCost?: { readonly unlistedHoldNano: Nano | undefined } | undefined;
  readonly maxTokensField: "max_tokens" | "max_completion_tokens";
  /** Until the answer's head arrives. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of the answer. */
  readonly bodyTimeoutMs: number;
  /** A service tier that costs less and may wait, for calls that may too, with the time until its answers' heads arrive. */
  readonly deferred?: { readonly serviceTier: string; readonly headersTimeoutMs: number } | undefined;
  /** How often a call is sent again after a clean failure. */
  readonly retries: number;
}

export type ProviderDialect = "openai" | "anthropic";
