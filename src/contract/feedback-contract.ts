import { Type } from "typebox";
import { SCORE_SCALES } from "../core/ratings/score.ts";
import { closed, count, idText, scopeText } from "./field-contract.ts";
import { RATING_SOURCES } from "./rating.ts";

export const MOST_RATINGS = 1000;

const id = Type.String({ minLength: 1, maxLength: 400, description: "Yours; the same id of a tenant is the same rating" });
const name = Type.String({ pattern: "^[a-z][a-z0-9_.-]{0,63}$", description: "What was rated, such as groundedness, in lower case" });
const score = Type.Number({ description: "From 1, the worst, to 5; or from 0 to 1 with scale 0-1" });
const source = Type.Enum([...RATING_SOURCES]);
const more = {
  scale: Type.Optional(Type.Enum([...SCORE_SCALES], { description: "1-5 unless said otherwise" })),
  tenant: Type.Optional(scopeText),
  use_case: Type.Optional(scopeText),
  trace_id: Type.Optional(
    Type.String({ pattern: "^[\\x21-\\x7e]{1,200}$", description: "The rated call: x-ballast-trace-id of its answer" }),
  ),
  at: Type.Optional(Type.String({ maxLength: 40, description: "When it was rated, ISO 8601; when it arrived if absent" })),
};

const rating = closed({ id, name, score, source, ...more });

/** One rating, or several under `ratings`. */
export const feedbackBody = closed({
  id: Type.Optional(id),
  name: Type.Optional(name),
  score: Type.Optional(score),
  source: Type.Optional(source),
  ...more,
  ratings: Type.Optional(Type.Array(rating, { minItems: 1, maxItems: MOST_RATINGS })),
});

export const feedbackAnswer = closed({
  accepted: count,
  ratings: Type.Array(closed({ id: idText, score: Type.Number({ description: "From 1 to 5" }) })),
});
