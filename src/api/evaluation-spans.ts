import { hash } from "node:crypto";
import { RATING_SOURCES, type Rating } from "../contract/rating.ts";
import { RATING_NAME, SCORE_SCALES, scoreOf, scoreOfLabel } from "../core/ratings/score.ts";
import { isScopeValue } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import type { ApiCaller } from "./api-caller.ts";
import { type Attributes, attributesOf, idOf, listOf, memberOf, spansOf, timeOf } from "./otlp-spans.ts";
import { keyValue, mayRate, maySay } from "./own-scope.ts";

export interface SpanRatings {
  readonly ratings: readonly Rating[];
  /** Why an evaluation could not be taken, one for each. */
  readonly rejected: readonly string[];
}

/** The event of the GenAI conventions of OpenTelemetry; its attributes are taken from a span too. */
const EVENT = "gen_ai.evaluation.result";
const NAME = "gen_ai.evaluation.name";

interface Evaluation {
  readonly attributes: Attributes;
  readonly at: Instant | undefined;
  /** What tells it from others of its span. */
  readonly place: string;
}

/** What evaluations in spans say of answers. @param resourceSpans of an OTLP request, of any shape */
export function ratingsOfSpans(resourceSpans: readonly unknown[], now: Instant, caller: ApiCaller): SpanRatings {
  const ratings: Rating[] = [];
  const rejected: string[] = [];
  for (const { span, attributes } of spansOf(resourceSpans)) {
    for (const evaluation of evaluationsOf(span, attributes, now)) {
      const taken = ratingOf(span, evaluation, now, caller);
      if (typeof taken === "string") rejected.push(taken);
      else ratings.push(taken);
    }
  }
  return { ratings, rejected };
}

function evaluationsOf(span: unknown, attributes: Attributes, now: Instant): Evaluation[] {
  const events = listOf(memberOf(span, "events")).flatMap((event, index) => {
    if (memberOf(event, "name") !== EVENT) return [];
    const own = new Map([...attributes, ...attributesOf(memberOf(event, "attributes"))]);
    return [{ attributes: own, at: timeOf(event, "timeUnixNano", now), place: String(index) }];
  });
  const ofSpan = attributes.has(NAME) ? [{ attributes, at: timeOf(span, "endTimeUnixNano", now), place: "span" }] : [];
  return [...ofSpan, ...events];
}

/** @returns the rating, or why there is none */
function ratingOf(span: unknown, { attributes, at, place }: Evaluation, now: Instant, caller: ApiCaller): Rating | string {
  const [traceId, spanId] = [idOf(span, "traceId", 32), idOf(span, "spanId", 16)];
  if (traceId === undefined || spanId === undefined) return "an evaluation is in a span without ids in hex, or all zeros";
  const refused = (why: string) => `evaluation in span ${spanId}: ${why}`;
  // Levers are turned by ratings: as with feedback, nobody gives one without a name, also where reads are open.
  if (caller.kind === "anyone") return refused("ratings are taken with a virtual key or the admin token only");
  const name =
    attributes
      .get(NAME)
      ?.trim()
      .toLowerCase()
      .replaceAll(/[\s/]+/g, "_") ?? "";
  if (!RATING_NAME.test(name)) return refused(`${NAME} is no name`);
  if (at === undefined) return refused("its time is no time until now");
  const score = scoreIn(attributes);
  if (typeof score === "string") return refused(score);
  const of = (dimension: "tenant" | "use_case") => attributes.get(`ballast.${dimension}`) || (keyValue(caller, dimension) ?? "");
  const [tenant, useCase, call] = [of("tenant"), of("use_case"), attributes.get("ballast.trace_id") ?? ""];
  if (!isScopeValue(tenant)) return refused("ballast.tenant does not say whose it is");
  if (useCase !== "" && !isScopeValue(useCase)) return refused("ballast.use_case has a character that cannot be used");
  if (!maySay(caller, "tenant", tenant)) return refused("ballast.tenant is not the key's");
  if (useCase !== "" && !mayRate(caller, useCase)) return refused("ballast.use_case is not the key's");
  if (!/^[\x21-\x7e]{0,200}$/.test(call)) return refused("ballast.trace_id is no id");
  if (useCase === "" && call === "") return refused("neither ballast.use_case nor ballast.trace_id says what was rated");
  const said = attributes.get("ballast.evaluation.source");
  return {
    rating_id: hash("sha256", JSON.stringify(["otlp", traceId, spanId, place, name]), "hex"),
    event_id: `${traceId}/${spanId}`,
    ts: new Date(at).toISOString(),
    tenant,
    use_case_id: useCase,
    trace_id: call,
    name,
    score,
    source: RATING_SOURCES.find((source) => source === said) ?? "eval",
    received_at: new Date(now).toISOString(),
  };
}

/** The conventions give values no range, and 1 is the best of one scale and the worst of another: so the scale has to be said. */
function scoreIn(attributes: Attributes): number | string {
  const text = attributes.get("gen_ai.evaluation.score.value");
  const said = attributes.get("ballast.evaluation.scale");
  const scale = SCORE_SCALES.find((one) => one === said);
  if (text !== undefined && scale)
    return scoreOf(Number(text), scale) ?? `the score ${text.slice(0, 30)} does not lie on the scale ${scale}`;
  const label = attributes.get("gen_ai.evaluation.score.label");
  const ofLabel = label === undefined ? undefined : scoreOfLabel(label);
  if (ofLabel !== undefined) return ofLabel;
  if (text !== undefined) return `say on which scale the score is: ballast.evaluation.scale, ${SCORE_SCALES.join(" or ")}`;
  return "it has neither a score nor a label that is known";
}
