import { type ActionKind, turn } from "../action.ts";

export const cacheOnlyAction: ActionKind = {
  forms: [{ word: "enforce_cache_only", rest: "", usage: "enforce_cache_only" }],
  meaning: "Turns on `cache_only`: calls that no cache can answer are refused.",
  read: () => [turn("cache_only", 1)],
};
