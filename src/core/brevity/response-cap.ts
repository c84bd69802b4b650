import type { PromptView } from "../prompt/prompt-view.ts";

/** A token is some three quarters of an English word; of these a quarter is left free, so that the answer ends before it is cut. */
const WORDS_PER_TOKEN = 0.75 * 0.75;
const LEAST_WORDS = 10;

/** Whether the answer is plain words to the user's own words: no tools, no form that a cut would break. */
export function isFreeForm(view: Pick<PromptView, "turns" | "tools" | "structured" | "cachedWhole">): boolean {
  if (view.tools > 0 || view.structured || view.cachedWhole) return false;
  // What does not end with the user's words is a tool's turn, or an answer that the model is to go on with.
  const last = view.turns.at(-1);
  return last?.role === "user" && last.plain;
}

export interface CapQuestion {
  readonly isFreeForm: boolean;
  /** Whether the model may think before it answers, at the cost of output. */
  readonly hidesReasoning: boolean;
  /** Most tokens of the answer that the caller asked for; undefined where nothing is said. */
  readonly askedTokens: number | undefined;
}

/** Whether the answer can be asked to be brief and be cut at so many tokens. A caller's own smaller limit stays as it is. */
export function mayCap({ isFreeForm, hidesReasoning, askedTokens }: CapQuestion, capTokens: number): boolean {
  return isFreeForm && !hidesReasoning && (askedTokens === undefined || askedTokens > capTokens);
}

/** What is put after the user's last words. Whole, so that the same cap always reads the same. */
export function briefRequest(capTokens: number): string {
  const words = Math.max(LEAST_WORDS, Math.floor((capTokens * WORDS_PER_TOKEN) / 10) * 10);
  return `\n\n(Answer in at most ${words} words, in the language of this message.)`;
}
