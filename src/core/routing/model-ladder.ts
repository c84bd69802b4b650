export const MODEL_SIZES = ["small", "medium", "large"] as const;
export type ModelSize = (typeof MODEL_SIZES)[number];

/** Models that take the same calls, from the cheapest to the dearest; medium may be missing. */
export interface ModelLadder {
  readonly models: Readonly<Partial<Record<ModelSize, string>> & { readonly small: string; readonly large: string }>;
  /** Only calls of these use cases; of all when empty. */
  readonly useCases: readonly string[];
}

/** A call's place on a ladder. */
export interface LadderPlace {
  readonly ladder: ModelLadder;
  readonly size: ModelSize;
}

/** The first ladder that has the model and takes the use case, and where the model stands on it. */
export function placeOnLadder(ladders: readonly ModelLadder[], model: string, useCase: string | undefined): LadderPlace | undefined {
  for (const ladder of ladders) {
    if (ladder.useCases.length > 0 && (useCase === undefined || !ladder.useCases.includes(useCase))) continue;
    const size = MODEL_SIZES.find((each) => ladder.models[each] === model);
    if (size !== undefined) return { ladder, size };
  }
  return undefined;
}

/** The sizes of the ladder below one, the smallest first. */
export function sizesBelow({ ladder, size }: LadderPlace): ModelSize[] {
  return MODEL_SIZES.slice(0, MODEL_SIZES.indexOf(size)).filter((each) => ladder.models[each] !== undefined);
}
