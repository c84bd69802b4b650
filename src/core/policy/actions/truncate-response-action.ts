import { type ActionKind, countOf, turn } from "../action.ts";

export const truncateResponseAction: ActionKind = {
  forms: [
    { word: "truncate_response_p95", rest: "\\s*=\\s*(\\d{1,7})", usage: "truncate_response_p95=350" },
    { word: "set_response_cap", rest: "\\(\\s*(\\d{1,7})\\s*\\)", usage: "set_response_cap(350)" },
  ],
  meaning: "Lowers `response_cap_tokens`: the 95th percentile of the tokens of an answer that is aimed at.",
  expected: "from 16 to 999999 tokens",
  read(value) {
    const tokens = countOf(value, 16, 999_999);
    return tokens === undefined ? undefined : [turn("response_cap_tokens", tokens)];
  },
};
