import { type ActionKind, countOf, turn } from "../action.ts";

export const depthKAction: ActionKind = {
  forms: [
    { word: "depth_k", rest: "\\s*=\\s*max\\(\\s*(\\d{1,6})\\s*\\)", usage: "depth_k=max(4)" },
    { word: "set_depth_k", rest: "\\(\\s*(\\d{1,6})\\s*\\)", usage: "set_depth_k(4)" },
  ],
  meaning: "Lowers `depth_k`: retrieval brings at most so many documents.",
  expected: "from 1 to 999 documents",
  read(value) {
    const documents = countOf(value, 1, 999);
    return documents === undefined ? undefined : [turn("depth_k", documents)];
  },
};
