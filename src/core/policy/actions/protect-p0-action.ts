import type { ActionKind } from "../action.ts";

export const protectP0Action: ActionKind = {
  forms: [{ word: "protect_p0", rest: "", usage: "protect_p0" }],
  meaning: "Lowers `pace_p2`, then `pace_p1`, to what the forecast of p0 leaves of the cap until the window ends.",
  read: () => [{ kind: "protect_p0" }],
};
