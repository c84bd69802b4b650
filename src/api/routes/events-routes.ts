import { spansAnswer, spansBody } from "../../contract/spans-contract.ts";
import { eventsAnswer, eventsBody } from "../../contract/usage-events-contract.ts";
import { ok, type Route, route } from "../api-route.ts";
import { ratingsOfSpans } from "../evaluation-spans.ts";
import { readSpansRequest, type SpansAnswer, writeSpansAnswer } from "../otlp-protobuf.ts";
import { ratingIdentity } from "../read-ratings.ts";
import { firstOfEach } from "../told-by-applications.ts";
import { factIdentity, factOfEvent } from "../usage-events.ts";
import { factsOfSpans } from "../usage-spans.ts";

const MOST_BYTES = 4 * 1024 * 1024;

/** What applications tell of what they used, earned and ran. */
export const eventsRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/events",
    summary: "Takes usage, revenue, counts of business, starts and ends of runs as CloudEvents, one or a batch; all or none, each once.",
    role: "caller",
    body: eventsBody,
    mostBodyBytes: MOST_BYTES,
    answers: { 200: { description: "Kept durably; what each costs", schema: eventsAnswer } },
    handle: async ({ body, caller }, deps) => {
      const now = deps.now();
      const facts = body.events.map((event, index) => factOfEvent(event, `/events/${index}`, deps.unitCosts.prices, now, caller));
      await deps.store.keepFacts(firstOfEach(facts, factIdentity).map((fact) => JSON.stringify(fact)));
      return ok({
        accepted: facts.length,
        events: facts.map(({ event_id: id, source, cost_usd, reason }) => ({ id, source, cost_usd, reason })),
      });
    },
  }),
  route({
    method: "POST",
    path: "/v1/traces",
    summary: "Takes what spans say was used and how answers were rated, as OTLP/HTTP in JSON or protobuf; each span counts once.",
    role: "caller",
    body: spansBody,
    protobuf: { read: readSpansRequest, write: (answer: SpansAnswer) => writeSpansAnswer(answer) },
    mostBodyBytes: MOST_BYTES,
    answers: {
      200: { description: "Kept durably; spans that could not be taken are counted, with the first reason", schema: spansAnswer },
    },
    handle: async ({ body, caller }, deps) => {
      const { facts, rejected: unused } = factsOfSpans(body.resourceSpans, deps.unitCosts.prices, deps.now(), caller);
      const { ratings, rejected: unrated } = ratingsOfSpans(body.resourceSpans, deps.now(), caller);
      const rejected = [...unused, ...unrated];
      if (facts.length > 0) await deps.store.keepFacts(firstOfEach(facts, factIdentity).map((fact) => JSON.stringify(fact)));
      const kept = firstOfEach(ratings, ratingIdentity).map((rating) => JSON.stringify(rating));
      if (kept.length > 0) await deps.store.keepFacts(kept, "rating");
      const [errorMessage] = rejected;
      return ok(errorMessage === undefined ? {} : { partialSuccess: { rejectedSpans: rejected.length, errorMessage } });
    },
  }),
];
