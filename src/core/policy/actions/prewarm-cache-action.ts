import { type ActionKind, countOf, turn } from "../action.ts";

export const prewarmCacheAction: ActionKind = {
  forms: [{ word: "prewarm_cache", rest: "\\s*=\\s*top\\(\\s*(\\d{1,6})\\s*\\)", usage: "prewarm_cache=top(50)" }],
  meaning: "Sets `cache_prewarm`: so many of the most frequent intents are answered ahead.",
  expected: "from 1 to 1000 intents",
  read(value) {
    const intents = countOf(value, 1, 1000);
    return intents === undefined ? undefined : [turn("cache_prewarm", intents)];
  },
};
