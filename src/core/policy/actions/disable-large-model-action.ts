import { type ActionKind, turn } from "../action.ts";

export const disableLargeModelAction: ActionKind = {
  forms: [
    { word: "disable_large_model", rest: "", usage: "disable_large_model" },
    { word: "freeze_large_model", rest: "", usage: "freeze_large_model" },
  ],
  meaning: "The same as `freeze_feature_flags=[large_model]`.",
  read: () => [turn("feature_freeze/large_model", 1)],
};
