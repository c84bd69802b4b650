import { Type } from "typebox";
import { runawaySetting } from "./runaway-schema.ts";
import { amount, closed, flag, list } from "./setting-shapes.ts";

/* The settings under controls, as config-schema.ts has the others. */

export const controlsSetting = closed(
  {
    enabled: flag("false: no policy acts, and every lever that was turned goes back.", true),
    policies: list(
      Type.String({ minLength: 1 }),
      "Policy files that act, from the folder of this file. What they remember goes by their names without folder, so no two may have the same.",
      { default: [], maxItems: 1000 },
    ),
    holdout: amount("Share of the calls of use cases that levers and caches leave alone, so that savings are measured.", "holdout-share", {
      default: "2%",
    }),
    runaway: runawaySetting,
  },
  "Policies that turn levers as caps are used up: docs/concepts/controls.md.",
  { default: {} },
);
