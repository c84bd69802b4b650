export const RATING_SOURCES = ["user", "judge", "eval"] as const;
export type RatingSource = (typeof RATING_SOURCES)[number];

/** One rating of an answer: an immutable row of `finops.rating`. Empty text is missing. */
export interface Rating {
  /** Made of what told it and its id there: whatever says the same again is the same rating. */
  readonly rating_id: string;
  readonly event_id: string;
  /** UTC, ISO 8601: when it was rated. */
  readonly ts: string;
  readonly tenant: string;
  readonly use_case_id: string;
  /** The call that was rated; its own use case counts, and no other tenant's call can be rated. */
  readonly trace_id: string;
  /** What was rated, such as groundedness. */
  readonly name: string;
  /** From 1, the worst, to 5. */
  readonly score: number;
  readonly source: RatingSource;
  readonly received_at: string;
}
