import { type ActionKind, turn } from "../action.ts";

const FLAG = "[A-Za-z][A-Za-z0-9._-]{0,63}";

export const freezeFlagsAction: ActionKind = {
  forms: [
    {
      word: "freeze_feature_flags",
      rest: `\\s*=\\s*\\[\\s*(${FLAG}(?:\\s*,\\s*${FLAG}){0,19})\\s*\\]`,
      usage: "freeze_feature_flags=[large_model]",
    },
  ],
  meaning: "Turns the named feature flags off: `feature_freeze/large_model`, one lever each.",
  read: (value) => [...new Set(value.split(/\s*,\s*/))].map((flag) => turn(`feature_freeze/${flag}`, 1)),
};
