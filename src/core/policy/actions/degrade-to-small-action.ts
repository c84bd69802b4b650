import { type ActionKind, turn } from "../action.ts";

export const degradeToSmallAction: ActionKind = {
  forms: [{ word: "degrade_to_small", rest: "", usage: "degrade_to_small" }],
  meaning: "Raises `small_model_share` to 100 %, step by step.",
  read: () => [turn("small_model_share", 100)],
};
