import { hash } from "node:crypto";
import type { Static } from "typebox";
import type { feedbackBody } from "../contract/feedback-contract.ts";
import { Problem } from "../contract/problem.ts";
import type { Rating } from "../contract/rating.ts";
import { scoreOf } from "../core/ratings/score.ts";
import type { Instant } from "../core/time/window.ts";
import type { ApiCaller } from "./api-caller.ts";
import { checkScopeValue } from "./call-scope.ts";
import { mayRate, ownValue } from "./own-scope.ts";
import { toldAt, wrong } from "./told-by-applications.ts";

type FeedbackBody = Static<typeof feedbackBody>;
type Given = NonNullable<FeedbackBody["ratings"]>[number];

const NEEDED = ["id", "name", "score", "source"] as const;

/**
 * The ratings of a request. Whose they are is said by the virtual key; the admin names the tenant.
 * @throws Problem invalid_request, invalid_scope, scope_not_allowed
 */
export function readRatings(body: FeedbackBody, caller: ApiCaller, now: Instant): Rating[] {
  return givenRatings(body).map(({ given, place }) => {
    const at = given.at === undefined ? now : toldAt(given.at, `${place}/at`, now);
    const score = scoreOf(given.score, given.scale ?? "1-5");
    if (score === undefined) throw wrong(`${place}/score`, `does not lie on the scale ${given.scale ?? "1-5"}`);
    const tenant = givenValue("tenant", given.tenant, caller, place);
    const useCase = givenValue("use_case", given.use_case, caller, place);
    if (useCase !== undefined && !mayRate(caller, useCase)) throw notOfKey(`${place}/use_case`, caller);
    if (tenant === undefined) throw wrong(`${place}/tenant`, "is missing");
    if (useCase === undefined && given.trace_id === undefined)
      throw wrong(`${place}/use_case`, "is missing; a rating names its use case, or the trace_id of a call");
    return {
      rating_id: hash("sha256", JSON.stringify(["feedback", given.id]), "hex"),
      event_id: given.id,
      ts: new Date(at).toISOString(),
      tenant,
      use_case_id: useCase ?? "",
      trace_id: given.trace_id ?? "",
      name: given.name,
      score,
      source: given.source,
      received_at: new Date(now).toISOString(),
    };
  });
}

function givenRatings({ ratings, ...single }: FeedbackBody): { given: Given; place: string }[] {
  if (ratings) {
    const [stranger] = Object.keys(single);
    if (stranger !== undefined) throw wrong(`/${stranger}`, "stands beside ratings; it belongs into each of them");
    return ratings.map((given, index) => ({ given, place: `/ratings/${index}` }));
  }
  const missing = NEEDED.find((name) => single[name] === undefined);
  if (missing !== undefined) throw wrong(`/${missing}`, "is missing");
  return [{ given: single as Given, place: "" }];
}

function givenValue(dimension: "tenant" | "use_case", said: string | undefined, caller: ApiCaller, place: string): string | undefined {
  const field = `${place}/${dimension}`;
  return ownValue(caller, dimension, said === undefined ? undefined : checkScopeValue(said, field), field);
}

export function ratingIdentity({ tenant, rating_id }: Rating): string {
  return `${tenant} ${rating_id}`;
}

function notOfKey(field: string, caller: ApiCaller): Problem {
  const message =
    "The key's calls are of no such use case; name the trace_id of a call of its tenant instead, or let its may_name have use_case.";
  return new Problem("scope_not_allowed", { field, key: caller.kind === "key" ? caller.key.id : "" }, { message });
}
