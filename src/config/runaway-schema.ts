import { amount, closed, oneOf, whole } from "./setting-shapes.ts";

/* The settings under controls.runaway, as config-schema.ts has the others. */

export const RUNAWAY_ACTIONS = ["alert", "throttle", "off"] as const;

export const runawaySetting = closed(
  {
    action: oneOf(
      "What becomes of a virtual key, run or session that spends many times what is usual for it: people are told (alert), its calls are also refused until its rate is back (throttle), or nothing (off).",
      RUNAWAY_ACTIONS,
      "alert",
    ),
    factor: whole("How many times the usual spending of a window is too much.", 3, 1000, 10),
    window_minutes: whole("Minutes within which spending is looked at. What is usual takes 12 such windows with spending.", 1, 60, 5),
    floor_usd: amount("Spending within a window up to this is never too much, in USD.", "usd", { default: "5" }),
  },
  "Callers that spend many times what is usual for them.",
  { default: {} },
);
