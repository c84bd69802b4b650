import type { ModelSize } from "./model-ladder.ts";

/** The thresholds of the economics document's route(): below the first a call is for the small model, below the second for the medium one. */
export const NATURAL_THRESHOLDS = { medium: 0.4, large: 0.7 } as const;

export interface SizeQuestion {
  readonly asked: ModelSize;
  /** Where it may go below what was asked. */
  readonly below: ReadonlySet<ModelSize>;
  /** Personal data never goes below medium: the economics document's route(). */
  readonly pii: boolean;
  /** Whether a share of the calls is to go to the small model; and if so, whether this one is of those. */
  readonly routing: { readonly toSmall: boolean; readonly complexity: number } | undefined;
  readonly largeIsFrozen: boolean;
}

/** The size that a call goes to, never a larger one than was asked for; "frozen" where the large model is, and nothing else can take it. */
export function chooseSize({ asked, below, pii, routing, largeIsFrozen }: SizeQuestion): ModelSize | "frozen" {
  if (routing?.toSmall && !pii && below.has("small")) return "small";
  const isLarge = asked === "large";
  if (isLarge && routing && routing.complexity < NATURAL_THRESHOLDS.large && below.has("medium")) return "medium";
  if (!isLarge || !largeIsFrozen) return asked;
  if (below.has("medium")) return "medium";
  return below.has("small") && !pii ? "small" : "frozen";
}
