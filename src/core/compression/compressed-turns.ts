import type { PromptView } from "../prompt/prompt-view.ts";

/** Fewer characters than that are not worth another form. */
export const LEAST_CHARACTERS = 200;

/**
 * The turns that may be sent in a tighter form, by their places, the oldest first: the user's own words behind the last cache mark. Results of tools, instructions
 * and answers are never among them.
 */
export function compressibleTurns(view: PromptView): number[] {
  if (view.cachedWhole) return [];
  const lastMark = view.turns.findLastIndex(({ marked }) => marked);
  return view.turns.flatMap(({ role, plain, texts }, index) => {
    const long = texts.some(({ text }) => text.length >= LEAST_CHARACTERS);
    return index > lastMark && role === "user" && plain && long ? [index] : [];
  });
}

/**
 * Of these, the ones to compress now: the last turn of the conversation, and earlier ones that went out compressed before. Anything else would change what the
 * provider has in its cache, and cost more than it saves.
 * @param wasCompressed whether the conversation up to this turn was sent with the turn compressed
 */
export function turnsToCompress(view: PromptView, turns: readonly number[], wasCompressed: (turn: number) => boolean): number[] {
  return turns.filter((turn) => turn === view.turns.length - 1 || wasCompressed(turn));
}
