import { type ActionKind, percentOf, turn } from "../action.ts";

/** "= 50%" or "=0.5"; 0% is a share here: nothing is let through. */
const SHARE = "\\s*=\\s*(\\d{1,3}(?:\\.\\d{1,6})?%?)";

export const paceP2Action: ActionKind = paceAction("pace_p2");
export const paceP1Action: ActionKind = paceAction("pace_p1");

function paceAction(word: "pace_p1" | "pace_p2"): ActionKind {
  return {
    forms: [{ word, rest: SHARE, usage: `${word}=50%` }],
    meaning: `Lowers \`${word}\`: so many of the calls of priority ${word.slice(-2)} are let through.`,
    expected: "a share from 0% up to 99%",
    read(value) {
      const percent = /^0+(\.0+)?%?$/.test(value) ? 0 : percentOf(value);
      return percent === undefined || percent > 99 ? undefined : [turn(word, percent)];
    },
  };
}
