import { type ActionKind, countOf, turn } from "../action.ts";

export const rerankCandidatesAction: ActionKind = {
  forms: [{ word: "rerank_candidates", rest: "\\s*=\\s*max\\(\\s*(\\d{1,6})\\s*\\)", usage: "rerank_candidates=max(20)" }],
  meaning: "Lowers `rerank_candidates`: at most so many candidates are reranked.",
  expected: "from 1 to 9999 candidates",
  read(value) {
    const candidates = countOf(value, 1, 9999);
    return candidates === undefined ? undefined : [turn("rerank_candidates", candidates)];
  },
};
