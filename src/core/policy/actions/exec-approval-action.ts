import { type ActionKind, turn } from "../action.ts";

export const execApprovalAction: ActionKind = {
  forms: [{ word: "require_exec_approval", rest: "", usage: "require_exec_approval" }],
  meaning:
    "Turns on `exec_approval` and asks for one. While an approval is in force, the levers of the threshold that asks are turned back.",
  read: () => [turn("exec_approval", 1)],
};
