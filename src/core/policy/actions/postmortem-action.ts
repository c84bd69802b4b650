import type { ActionKind } from "../action.ts";

export const postmortemAction: ActionKind = {
  forms: [{ word: "postmortem_required", rest: "", usage: "postmortem_required" }],
  meaning: "Opens a postmortem with the facts filled in, once each time that the threshold is reached.",
  read: () => [{ kind: "postmortem" }],
};
