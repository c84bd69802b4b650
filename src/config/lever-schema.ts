import { Type } from "typebox";
import { closed, list, text } from "./setting-shapes.ts";

/* The settings of what levers do to calls, as config-schema.ts has the others. */

const model = (description: string) => text(description, { format: "scope-value" });

export const modelLadder = closed(
  {
    small: model("The cheapest model, as callers name it."),
    medium: Type.Optional(model("A model between the two.")),
    large: model("The dearest model."),
    use_cases: list(
      model("Name of a use case."),
      "Only calls of these use cases; all when empty. The first ladder that fits a call counts.",
    ),
  },
  "Models that take the same calls. A lever may send a call down its ladder, never up.",
);

/** Of a provider. */
export const deferredTier = {
  deferred_tier: Type.Optional(
    text("Service tier that costs less and may wait, such as flex: where the lever `batch_deferral` sends calls of priority p2.", {
      format: "scope-value",
    }),
  ),
  deferred_headers_timeout_ms: Type.Integer({
    description: "Longest wait until an answer of that tier begins.",
    minimum: 100,
    maximum: 3_600_000,
    default: 900_000,
  }),
};
