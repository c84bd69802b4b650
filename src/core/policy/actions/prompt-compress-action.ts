import { type ActionKind, turn } from "../action.ts";

export const promptCompressAction: ActionKind = {
  forms: [{ word: "enable_prompt_compress", rest: "", usage: "enable_prompt_compress" }],
  meaning: "Turns on `prompt_compression`.",
  read: () => [turn("prompt_compression", 1)],
};
