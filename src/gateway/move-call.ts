import { Problem } from "../contract/problem.ts";
import { chooseSize, type SizeQuestion } from "../core/routing/choose-size.ts";
import { type LadderPlace, type ModelSize, sizesBelow } from "../core/routing/model-ladder.ts";
import { mayHideReasoning } from "../core/usage/hidden-reasoning.ts";
import type { CallRecord } from "./call-record.ts";
import type { Gateway } from "./handle-call.ts";
import { ceilingOf, chooseTargets, type Planning } from "./plan-call.ts";

/** What a model of the same family may not take: a call that says one of these stays where it was sent. */
const STAYS_WITH: readonly string[] = [
  ...["reasoning", "reasoning_effort", "thinking", "thinking_budget", "enable_thinking", "chat_template_kwargs", "verbosity"],
  ...["prediction", "web_search_options", "modalities", "audio", "speed", "context_management", "output_config", "extra_body"],
];
/** No small model of the last years refuses so many (gpt-4o-mini writes at most 16,384); larger ones do take more. */
const MOST_MOVED_OUTPUT_TOKENS = 16_384;

export interface Move {
  readonly planning: Planning;
  readonly place: LadderPlace;
  /** Whether a share of the calls is to go to the small model: its target, 0 to 1. */
  readonly share: number | undefined;
  readonly complexity: number | null;
  readonly largeIsFrozen: boolean;
}

/** The size that a call goes to, and counts it towards the share. */
export function moveCall(gateway: Pick<Gateway, "shares">, move: Move): ModelSize | "frozen" {
  const { planning, place, share, complexity, largeIsFrozen } = move;
  const { pii, scope } = planning.caller;
  const below = new Set(sizesBelow(place).filter((size) => canTake(planning, place.ladder.models[size]!)));
  let routing: SizeQuestion["routing"];
  if (share !== undefined) {
    const controller = gateway.shares.of(`${scope.use_case ?? ""} ${place.ladder.models.large}`);
    if (place.size === "small") controller.count(share);
    else if (complexity !== null) {
      // Only what may go there counts: personal data and calls that no small model can take are no part of the share.
      const toSmall = !pii && below.has("small") && controller.goesToSmall(complexity, share);
      routing = { toSmall, complexity };
    }
  }
  return chooseSize({ asked: place.size, below, pii, routing, largeIsFrozen });
}

/** Whether a smaller model can take the call in place of the one that was asked for, and costs no more. */
function canTake(planning: Planning, model: string): boolean {
  const { summary, dialect, settings } = planning;
  const { members } = summary.members;
  if (summary.input.outcome !== "bounded" || summary.input.mayUseImages || summary.input.takesAudio || summary.betas.length > 0)
    return false;
  if (STAYS_WITH.some((member) => members.has(member))) return false;
  const thinks = (name: string) => mayHideReasoning(dialect.usage, name, {});
  // Who thinks bills words that nobody asked for, and takes no temperature.
  if (thinks(model) && !thinks(summary.model)) return false;
  const asked = summary.output.outcome === "bounded" ? summary.output.tokensPerChoice : settings.defaultMaxOutputTokens;
  if (asked > MOST_MOVED_OUTPUT_TOKENS) return false;
  try {
    const targets = chooseTargets(planning, model)(asked);
    const fits = targets.every(({ price, bound }) => price.contextWindow === undefined || bound.inputTokens + asked <= price.contextWindow);
    return fits && ceilingOf(targets, summary) <= ceilingOf(chooseTargets(planning, summary.model)(asked), summary);
  } catch (error) {
    // A key that does not allow it, no route, no price: then it stays, and what is wrong with the model asked for is told when it is planned.
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Why a large model's call is refused: whose spending, which thresholds, since when. */
export function frozenProblem(gateway: Pick<Gateway, "levers">, record: CallRecord, subjects: readonly string[]): Problem {
  const frozenBy = subjects.flatMap((subject) => {
    const state = gateway.levers.get(subject)?.state;
    const lever = state?.levers["feature_freeze/large_model"];
    return state && lever && lever.value !== 0 ? [{ subject, reached: state.reached, since: lever.appliedAt }] : [];
  });
  const details = {
    model: record.requestedModel,
    lever: "feature_freeze/large_model",
    frozen_by: frozenBy.map(({ subject }) => subject),
    thresholds_reached: [...new Set(frozenBy.flatMap(({ reached }) => reached))],
    since: frozenBy.map(({ since }) => (since === undefined ? null : new Date(since).toISOString()))[0] ?? null,
    until: "spending falls below the threshold, the next month begins, or an approver of the policy lifts it",
  };
  const whose = details.frozen_by.join(", ") || "a policy";
  const message = `${record.requestedModel} is frozen by the spending policy of ${whose}, and no smaller model can take this call.`;
  return new Problem("model_frozen", details, { message });
}
