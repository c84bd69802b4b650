import { feedbackAnswer, feedbackBody } from "../../contract/feedback-contract.ts";
import { ok, type Route, route } from "../api-route.ts";
import { ratingIdentity, readRatings } from "../read-ratings.ts";
import { firstOfEach } from "../told-by-applications.ts";

const MOST_BYTES = 4 * 1024 * 1024;

/** How good answers were, as people, judges and evaluations say. */
export const feedbackRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/feedback",
    summary: "Takes ratings of answers, one or a batch; all or none, each counted once.",
    role: "sender",
    body: feedbackBody,
    mostBodyBytes: MOST_BYTES,
    answers: { 200: { description: "Kept durably, on the scale from 1 to 5", schema: feedbackAnswer } },
    handle: async ({ body, caller }, deps) => {
      const ratings = readRatings(body, caller, deps.now());
      await deps.store.keepFacts(
        firstOfEach(ratings, ratingIdentity).map((rating) => JSON.stringify(rating)),
        "rating",
      );
      return ok({ accepted: ratings.length, ratings: ratings.map(({ event_id: id, score }) => ({ id, score })) });
    },
  }),
];
