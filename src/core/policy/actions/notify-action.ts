import type { ActionKind } from "../action.ts";

export const notifyAction: ActionKind = {
  forms: [{ word: "notify", rest: "\\s*:\\s*(#?[\\p{L}\\p{N}][\\p{L}\\p{N}._@-]{0,79})", usage: "notify:#finops" }],
  meaning: "Tells the channel, once each time that the threshold is reached.",
  read: (channel) => [{ kind: "notify", channel }],
};
