import { type ActionKind, countOf, turn } from "../action.ts";

const LEVEL = "(?:\\s*=\\s*(\\d))?";

export const cacheAggressivenessAction: ActionKind = {
  forms: [
    { word: "increase_cache_aggressiveness", rest: LEVEL, usage: "increase_cache_aggressiveness=2" },
    { word: "increase_cache_ttl", rest: LEVEL, usage: "increase_cache_ttl" },
  ],
  meaning: "Sets `cache_aggressiveness` to the level, 1 unless said. It is a level and not one more each time: asked twice it is the same.",
  expected: "a level from 1 to 3",
  read(value) {
    const level = value === "" ? 1 : countOf(value, 1, 3);
    return level === undefined ? undefined : [turn("cache_aggressiveness", level)];
  },
};
