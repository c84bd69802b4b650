import { hash } from "node:crypto";
import { type Static, Type } from "typebox";
import { bulkQuery, evaluationBody, flagFailure, flagFault, flagsAnswer, flagView, streamQuery } from "../../contract/flags-contract.ts";
import { findLeverFlag, flagValue, LEVER_FLAG_KEYS, type LeverFlag, listLeverFlags } from "../../core/levers/lever-flags.ts";
import type { LeverId } from "../../core/levers/lever-list.ts";
import type { LeverSubjects, LeversInForce } from "../../core/levers/levers-in-force.ts";
import { nearestWord } from "../../std/nearest-word.ts";
import { ticketOf } from "../api-caller.ts";
import type { ApiDeps } from "../api-deps.ts";
import { type Answer, ok, type Route, route } from "../api-route.ts";
import { readFlagContext, subjectsOf } from "../flag-context.ts";
import { flagProblem } from "../flag-problem.ts";

const key = Type.String({ minLength: 1, maxLength: 400 });
const INACTIVITY_S = 120;
const failures = {
  400: { description: "The request or its context cannot be read", schema: flagFailure },
  500: { description: "Something broke here", schema: flagFault },
};

/** Levers as feature flags, for every SDK of OpenFeature: OFREP 0.3.0. */
export const flagsRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/ofrep/v1/evaluate/flags/:key",
    summary: "One lever as a feature flag (OFREP); without a value the application uses its own.",
    role: "caller",
    params: Type.Object({ key }),
    body: evaluationBody,
    bodyOptional: true,
    answers: {
      200: { description: "The flag", schema: flagView },
      ...failures,
      404: { description: "There is no such flag", schema: flagFailure },
    },
    tellProblem: flagProblem,
    handle: async ({ params, body, caller }, deps) => {
      const read = readFlagContext(body.context, caller);
      if (read.outcome === "refused") return refusal(400, read, params.key);
      const flag = findLeverFlag(params.key);
      const meant = LEVER_FLAG_KEYS.includes(params.key) ? undefined : nearestWord(params.key, LEVER_FLAG_KEYS);
      if (!flag || meant !== undefined) {
        const errorDetails = `There is no flag ${params.key}.${meant === undefined ? "" : ` Did you mean ${meant}?`}`;
        return refusal(404, { errorCode: "FLAG_NOT_FOUND", errorDetails }, params.key);
      }
      return ok(evaluate(flag, deps.levers.inForce(read.subjects), read.own));
    },
  }),
  route({
    method: "POST",
    path: "/ofrep/v1/evaluate/flags",
    summary: "All levers as feature flags (OFREP), with an ETag, and where changes are told.",
    role: "caller",
    query: bulkQuery,
    body: evaluationBody,
    bodyOptional: true,
    answers: { 200: { description: "The flags", schema: flagsAnswer }, 304: { description: "As the ETag sent along says" }, ...failures },
    tellProblem: flagProblem,
    handle: async ({ body, caller, ifNoneMatch }, deps) => {
      const read = readFlagContext(body.context, caller);
      if (read.outcome === "refused") return refusal(400, read);
      const inForce = deps.levers.inForce(read.subjects);
      const flags = listLeverFlags(everTurned(deps)).map((flag) => evaluate(flag, inForce, read.own));
      const endpoint = { requestUri: streamAddress(read.subjects, ticketOf(caller, deps)) };
      const answer = { flags, eventStreams: [{ type: "sse", endpoint, inactivityDelaySec: INACTIVITY_S }] };
      // Over the whole answer: what a caller may see depends on its context, and so does the address of its stream.
      const etag = `"${hash("sha256", JSON.stringify(answer), "base64url")}"`;
      return isKnown(etag, ifNoneMatch) ? { status: 304, body: "", headers: { etag } } : ok(answer, { etag });
    },
  }),
  route({
    method: "GET",
    path: "/ofrep/v1/events",
    summary: "Tells as server-sent events when levers have changed (OFREP); its address, with a ticket, is in the answer with all flags.",
    role: "ticket",
    query: streamQuery,
    answers: { 200: { description: "Events, without end", contentType: "text/event-stream" } },
    endless: true,
    handle: async ({ query }, deps) => {
      const subjects = subjectsOf(query.use_case, query.provider, query.model);
      return {
        status: 200,
        body: deps.flagStreams.open(subjects),
        contentType: "text/event-stream; charset=utf-8",
        headers: STREAM_HEADERS,
      };
    },
  }),
];

/** Some proxies gather an answer before they hand it on, unless they are asked not to. */
const STREAM_HEADERS = { "x-accel-buffering": "no" };

function evaluate(flag: LeverFlag, inForce: LeversInForce, own: ReadonlyMap<string, number>): Static<typeof flagView> {
  const value = flagValue(flag, inForce, own.get(flag.key));
  const metadata = { lever: flag.lever };
  if (value === undefined) return { key: flag.key, reason: "DISABLED", variant: "off", metadata };
  return { key: flag.key, value, reason: "TARGETING_MATCH", variant: String(value), metadata };
}

function everTurned({ levers }: ApiDeps): Set<LeverId> {
  return new Set(levers.all().flatMap(({ state }) => Object.keys(state.levers) as LeverId[]));
}

function streamAddress({ useCase, provider, models }: LeverSubjects, ticket: string): string {
  const said = { use_case: useCase, provider: provider || undefined, model: models[0], ticket };
  const query = new URLSearchParams(Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return `/ofrep/v1/events?${query}`;
}

/** RFC 9110, section 13.1.2: a list of tags, weak or not, or a star. */
function isKnown(etag: string, ifNoneMatch: string): boolean {
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
}

function refusal(
  status: 400 | 404,
  { errorCode, errorDetails }: Pick<Static<typeof flagFailure>, "errorCode" | "errorDetails">,
  flag?: string,
): Answer {
  return { status, body: { ...(flag === undefined ? {} : { key: flag }), errorCode, errorDetails } };
}
