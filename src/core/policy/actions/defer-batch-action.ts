import { type ActionKind, turn } from "../action.ts";

export const deferBatchAction: ActionKind = {
  forms: [{ word: "defer_batch", rest: "", usage: "defer_batch" }],
  meaning: "Turns on `batch_deferral`: calls of priority p2 wait for a batch.",
  read: () => [turn("batch_deferral", 1)],
};
