import { LEVERS, type LeverId, leverKind } from "./lever-list.ts";
import { isCheaper } from "./lever-step.ts";
import type { LeversInForce } from "./levers-in-force.ts";

/* Levers whose work is done by applications, as the feature flags that they ask for. What is not here is no flag. */

export type FlagValue = boolean | number | string;

export interface LeverFlag {
  readonly key: string;
  readonly lever: LeverId;
  /** What an application is told while the lever is turned. */
  readonly told: (turned: number) => FlagValue;
  readonly meaning: string;
}

const asItStands = (turned: number) => turned;

const LEVER_FLAGS: readonly LeverFlag[] = [
  { key: "depth_k", lever: "depth_k", told: asItStands, meaning: LEVERS.depth_k.meaning },
  { key: "rerank_candidates", lever: "rerank_candidates", told: asItStands, meaning: LEVERS.rerank_candidates.meaning },
  {
    key: "prompt_template",
    lever: "prompt_compression",
    told: () => "v2",
    meaning: '"v2" while prompts are to be tighter: the template with the shorter system text and fewer examples.',
  },
  { key: "small_model_share", lever: "small_model_share", told: asItStands, meaning: LEVERS.small_model_share.meaning },
  { key: "response_cap_tokens", lever: "response_cap_tokens", told: asItStands, meaning: LEVERS.response_cap_tokens.meaning },
  { key: "cache_aggressiveness", lever: "cache_aggressiveness", told: asItStands, meaning: LEVERS.cache_aggressiveness.meaning },
  { key: "batch_deferral", lever: "batch_deferral", told: () => true, meaning: "true while work of priority p2 is to wait for a batch." },
];

export const LEVER_FLAG_KEYS: readonly string[] = LEVER_FLAGS.map(({ key }) => key);

const FEATURE_NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const FREEZE = "feature_freeze/";

/** The lever behind a key. What is no lever's key is the name of a feature, as policies freeze it; undefined when it cannot be one. */
export function findLeverFlag(key: string): LeverFlag | undefined {
  const known = LEVER_FLAGS.find((flag) => flag.key === key);
  if (known || !FEATURE_NAME.test(key)) return known;
  return { key, lever: `${FREEZE}${key}`, told: () => false, meaning: "false while the feature is frozen." };
}

/** All flags that can be listed: those of the levers, then the features that were ever frozen, by name. */
export function listLeverFlags(everTurned: Iterable<LeverId>): LeverFlag[] {
  const frozen = [...everTurned].filter((id) => id.startsWith(FREEZE)).map((id) => id.slice(FREEZE.length));
  const features = [...new Set(frozen)].sort().filter((name) => !LEVER_FLAG_KEYS.includes(name));
  return [...LEVER_FLAGS, ...features.flatMap((name) => findLeverFlag(name) ?? [])];
}

/**
 * What the flag says to an application.
 * @param own what the application would use by itself, where it said so: a lever never makes that dearer
 * @returns undefined while the application is to use its own value
 */
export function flagValue(flag: LeverFlag, inForce: LeversInForce, own?: number): FlagValue | undefined {
  const turned = inForce[flag.lever];
  if (turned === undefined) return undefined;
  const value = flag.told(turned);
  return typeof value === "number" && own !== undefined && !isCheaper(leverKind(flag.lever), value, own) ? undefined : value;
}
