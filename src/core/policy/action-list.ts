import type { ActionKind } from "./action.ts";
import { cacheAggressivenessAction } from "./actions/cache-aggressiveness-action.ts";
import { cacheOnlyAction } from "./actions/cache-only-action.ts";
import { deferBatchAction } from "./actions/defer-batch-action.ts";
import { degradeToSmallAction } from "./actions/degrade-to-small-action.ts";
import { depthKAction } from "./actions/depth-k-action.ts";
import { disableLargeModelAction } from "./actions/disable-large-model-action.ts";
import { execApprovalAction } from "./actions/exec-approval-action.ts";
import { freezeFlagsAction } from "./actions/freeze-flags-action.ts";
import { notifyAction } from "./actions/notify-action.ts";
import { paceP1Action, paceP2Action } from "./actions/pace-priority-actions.ts";
import { postmortemAction } from "./actions/postmortem-action.ts";
import { prewarmCacheAction } from "./actions/prewarm-cache-action.ts";
import { promptCompressAction } from "./actions/prompt-compress-action.ts";
import { protectP0Action } from "./actions/protect-p0-action.ts";
import { rerankCandidatesAction } from "./actions/rerank-candidates-action.ts";
import { routeSmallAction } from "./actions/route-small-action.ts";
import { truncateResponseAction } from "./actions/truncate-response-action.ts";

/** Every action that a threshold may ask for. What is not here does not exist; docs/reference/policy.md lists the same. */
export const ACTIONS: readonly ActionKind[] = [
  notifyAction,
  promptCompressAction,
  cacheAggressivenessAction,
  prewarmCacheAction,
  routeSmallAction,
  degradeToSmallAction,
  depthKAction,
  rerankCandidatesAction,
  truncateResponseAction,
  freezeFlagsAction,
  disableLargeModelAction,
  cacheOnlyAction,
  deferBatchAction,
  protectP0Action,
  paceP2Action,
  paceP1Action,
  execApprovalAction,
  postmortemAction,
];

export const ACTION_WORDS: readonly string[] = ACTIONS.flatMap(({ forms }) => forms.map(({ word }) => word));

/** Every action as one regular expression, for editors. */
export const ACTION_PATTERN = `(?:${ACTIONS.flatMap(({ forms }) => forms.map(({ word, rest }) => word + rest)).join("|")})`;
