import type { LeverName } from "../levers/lever-list.ts";

/** What the controls' savings scoreboard calls levers, and which of ours each is. */
export interface ScoreboardLever {
  readonly name: string;
  /** Levers of the controls, core/levers/lever-list.ts; or "answer_cache", an answer from the cache under any or no lever. */
  readonly acting: readonly (LeverName | "answer_cache")[];
  /** Levers of the backlog, core/backlog/saving-lever-list.ts, whose items say owner, target and status. */
  readonly planned: readonly string[];
  /** Why it cannot be measured against the holdout; undefined where it can. */
  readonly unmeasured?: string;
}

/** Levers that save nothing per call: an approval waits, and pacing puts calls off. */
export const NOT_ON_SCOREBOARD: readonly LeverName[] = ["exec_approval", "pace_p1", "pace_p2"];

/** The names of the controls document's CSV first, then ours for what it does not name. */
export const SCOREBOARD_LEVERS: readonly ScoreboardLever[] = [
  { name: "prompt_compression", acting: ["prompt_compression"], planned: ["prompt_compression"] },
  {
    name: "cache_policy",
    acting: ["cache_aggressiveness", "cache_prewarm", "cache_only", "answer_cache"],
    planned: ["answer_cache"],
  },
  { name: "routing_small", acting: ["small_model_share"], planned: ["small_model"] },
  {
    name: "depth_k_tuning",
    acting: ["depth_k"],
    planned: ["retrieval_depth"],
    unmeasured: "applications turn it before they call, in the holdout too",
  },
  { name: "response_cap", acting: ["response_cap_tokens"], planned: ["response_cap"] },
  {
    name: "rerank_tuning",
    acting: ["rerank_candidates"],
    planned: [],
    unmeasured: "applications turn it before they call, in the holdout too",
  },
  { name: "batch", acting: ["batch_deferral"], planned: ["batch"] },
  { name: "feature_freeze", acting: ["feature_freeze"], planned: [], unmeasured: "a freeze holds in the holdout too" },
  { name: "local_model", acting: [], planned: ["local_model"], unmeasured: "no lever does it by itself" },
  { name: "provider_cache", acting: [], planned: ["provider_cache"], unmeasured: "no lever does it by itself" },
  { name: "unused_answers", acting: [], planned: ["unused_answers"], unmeasured: "no lever does it by itself" },
];

/** The scoreboard's name of what changed a call: "small_model_share=50" is routing_small. What the scoreboard does not know has none. */
export function scoreboardNameOf(applied: string): string | undefined {
  const id = applied.split("=", 1)[0]!.split("/", 1)[0]!;
  return SCOREBOARD_LEVERS.find(({ acting }) => (acting as readonly string[]).includes(id))?.name;
}

export function scoreboardLever(name: string): ScoreboardLever | undefined {
  return SCOREBOARD_LEVERS.find((lever) => lever.name === name);
}

/**
 * Calls that Ballast makes for its levers carry one of these use cases, and the use case that they serve as their feature. Answers had
 * ahead stay calls of the use case that they serve, so that they are held on its budgets; their lever tells them from others.
 */
export const LEVER_COSTS = [
  { useCase: "ballast_judge", lever: undefined, meaning: "models that judge answers" },
  { useCase: "ballast_prewarm", lever: "cache_policy", meaning: "answers asked for ahead" },
  { useCase: "ballast_embed", lever: "cache_policy", meaning: "embeddings of questions" },
] as const;
