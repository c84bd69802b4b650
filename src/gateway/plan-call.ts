import { Problem } from "../contract/problem.ts";
import { PROBLEMS } from "../contract/problem-list.ts";
import type { Budget } from "../core/ledger/budget.ts";
import { formatUsd, type Nano } from "../core/money/usd.ts";
import { type PriceBook, rateCardFor } from "../core/pricing/price-book.ts";
import type { CallScope, Scope } from "../core/scope/scope.ts";
import { type Instant, NEVER } from "../core/time/window.ts";
import { mayHideReasoning } from "../core/usage/hidden-reasoning.ts";
import type { OutputBound } from "../core/usage/output-bound.ts";
import type { HeldMoney, HoldResult, LeaseDesk } from "../data/store/lease-desk.ts";
import type { ProviderTarget } from "../ports/provider.ts";
import { editJsonMembers, type JsonEdit } from "../std/json-members.ts";
import { allowsModel, type Caller } from "./authenticate-call.ts";
import type { CallSettings } from "./call-settings.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { BodySummary } from "./inspect-body.ts";
import { dearestCeiling, type PricedTarget, pricedTargets, type UseBound, useBound } from "./price-lookup.ts";
import { decidingBudget, type ShortCall } from "./short-call.ts";

/** A call that may be sent: where to, with how much money behind it. */
export interface CallPlan {
  readonly outcome: "planned";
  /** The request as planned for: of another model than asked for, when a budget says so. */
  readonly summary: BodySummary;
  readonly targets: readonly BoundTarget[];
  readonly hold: HeldMoney;
  readonly maxOutputTokens: number;
  /** Set when a lever lowered max_tokens, before a budget looked at it. */
  readonly capped: boolean;
  /** Set when max_tokens was lowered to what the budget carries. */
  readonly fitted: boolean;
  /** The budget that changed the call so that it fits. */
  readonly easedBy: Budget | undefined;
}

export interface BoundTarget extends PricedTarget {
  readonly bound: UseBound;
}

/** What the levers make of a call: without them it is for the model that was asked for, and nothing else. */
export interface CallTurn {
  readonly model: string;
  /** Most tokens of the answer, where that is less than the caller asked for. */
  readonly outputCap: number | undefined;
  /** Sent in a provider's cheaper and slower tier, and otherwise if that refuses it. */
  readonly deferred: boolean;
}

export interface Planning {
  readonly prices: PriceBook;
  readonly desk: LeaseDesk;
  readonly settings: CallSettings;
  readonly dialect: Dialect;
  readonly caller: Caller;
  readonly summary: BodySummary;
  readonly turn: CallTurn;
  readonly at: Instant;
}

/** Where the call may go and what it can use there. @throws Problem model_not_allowed, model_not_routed, model_not_priced, input_not_bounded */
export function chooseTargets(planning: Omit<Planning, "desk">, model: string): (maxOutputTokens: number) => BoundTarget[] {
  const { prices, settings, dialect, caller, summary, at } = planning;
  if (!allowsModel(caller.key, model)) throw new Problem("model_not_allowed", { model, key: caller.key.id });
  const routes = settings.routes.targets(model, dialect.provider);
  if (routes.length === 0) throw new Problem("model_not_routed", { model });
  const found = pricedTargets(routes, prices, at);
  const priced = planning.turn.deferred ? found.flatMap((target) => [...deferredTarget(target), target]) : found;
  return (maxOutputTokens) => priced.map((target) => ({ ...target, bound: useBound(summary, target, maxOutputTokens, settings) }));
}

/** The target in its provider's cheaper tier, where there is one that has a price. */
export function deferredTarget(target: PricedTarget): PricedTarget[] {
  const { deferred } = target.provider;
  if (!deferred || !rateCardFor(target.price, deferred.serviceTier, false)) return [];
  const { serviceTier, headersTimeoutMs } = deferred;
  return [{ ...target, provider: { ...target.provider, headersTimeoutMs }, serviceTier }];
}

/**
 * Holds the most the call can cost, on every budget it falls under. When one cannot carry it, the strictest of those that cannot decides.
 * @returns a short call when a budget allows an answer without a provider; then nothing is held
 * @throws Problem budget_exhausted when a budget cannot carry it
 */
export async function planCall(planning: Planning, holdId: string): Promise<CallPlan | ShortCall> {
  const { settings, summary, turn, at, desk } = planning;
  const { tokens: beyondLimit, leastLimit } = summary.output.outcome === "invalid" ? NOTHING_BEYOND : summary.output.beyondLimit;
  const stated = summary.output.outcome === "bounded" ? summary.output.tokensPerChoice : settings.defaultMaxOutputTokens;
  const capped = turn.outputCap !== undefined && turn.outputCap < stated;
  const asked = capped ? turn.outputCap : stated;
  const triedModels = new Set([turn.model]);
  let targetsFor = chooseTargets(planning, turn.model);
  let maxOutputTokens = asked;
  let plannedFor = turn.model === summary.model ? summary : sentTo(turn.model, planning);
  let easedBy: Budget | undefined;
  for (;;) {
    const targets = targetsFor(maxOutputTokens + beyondLimit);
    const amountNano = ceilingOf(targets, summary);
    const result = await desk.hold(holdId, scopesOf(planning.caller.scope, targets), amountNano, at);
    const fitted = maxOutputTokens < asked;
    if (result.outcome === "held") {
      return { outcome: "planned", summary: plannedFor, targets, hold: result.hold, maxOutputTokens, capped, fitted, easedBy };
    }
    const problem = refusal(result, amountNano, at);
    const { onShort, budget, account } = await decidingBudget(result, amountNano, at, desk);
    switch (onShort) {
      case "deny":
        throw problem;
      case "cached_only":
      case "template":
        return { outcome: "short", budget, problem };
      case "fallback_model": {
        const model = budget.fallbackModel!;
        // Each model is tried once, so that budgets which name each other's models come to an end.
        if (triedModels.has(model)) throw problem;
        triedModels.add(model);
        targetsFor = fallbackTargets(planning, model, problem);
        plannedFor = sentTo(model, planning);
        maxOutputTokens = asked;
        break;
      }
      case "fit": {
        const ceilingFor = (limit: number) => ceilingOf(targetsFor(limit + beyondLimit), summary);
        maxOutputTokens = outputThatFits(account.freeNano, Math.max(LEAST_OUTPUT_TOKENS, leastLimit), maxOutputTokens, ceilingFor);
        if (maxOutputTokens === 0) throw problem;
        break;
      }
      default:
        return onShort satisfies never;
    }
    easedBy = budget;
  }
}

/** What is known of the request when another model gets it. */
function sentTo(model: string, { summary, dialect }: Planning): BodySummary {
  return { ...summary, hidesReasoning: summary.hidesReasoning || mayHideReasoning(dialect.usage, model, {}) };
}

/** Where the cheaper model's calls go. @throws Problem budget_exhausted, with why that model cannot take the call */
function fallbackTargets(planning: Planning, model: string, problem: Problem): ReturnType<typeof chooseTargets> {
  try {
    const targetsFor = chooseTargets(planning, model);
    ceilingOf(targetsFor(1), planning.summary);
    return targetsFor;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const details = { ...problem.details, fallback_model: model, fallback_refused: error.code };
    throw new Problem("budget_exhausted", details, {
      cause: error,
      message: `${problem.message} The cheaper model ${model} cannot take it.`,
    });
  }
}

export function ceilingOf(targets: readonly BoundTarget[], summary: BodySummary): Nano {
  return dearestCeiling(
    targets.map((target) => ({ target, bound: target.bound })),
    summary.tiers,
  );
}

export function scopesOf(scope: Scope, targets: readonly PricedTarget[]): CallScope[] {
  return targets.map(({ provider, model, price }) => ({ ...scope, provider: provider.name, model, listedModel: price.model }));
}

/** The request as it is sent: the caller's bytes, and only what has to differ. */
export function bodyFor(
  target: BoundTarget,
  plan: Pick<CallPlan, "maxOutputTokens" | "capped" | "fitted">,
  planning: Planning,
  bytes: Buffer,
): Buffer {
  const { summary, dialect } = planning;
  const edits: JsonEdit[] = [];
  if (target.model !== summary.model) edits.push({ key: "model", value: JSON.stringify(target.model) });
  if (plan.capped || plan.fitted || !statesLimit(summary.output, dialect, target.provider)) {
    edits.push(...dialect.limitOutput(plan.maxOutputTokens, target.provider, (member) => summary.members.members.has(member)));
  }
  if (target.serviceTier !== undefined) edits.push({ key: "service_tier", value: JSON.stringify(target.serviceTier) });
  const usage = dialect.askForUsage(summary);
  if (usage) edits.push(usage);
  return editJsonMembers(bytes, summary.members, edits);
}

/** Whether the request states a limit of its output where the provider looks for it. */
function statesLimit(output: OutputBound, dialect: Dialect, provider: ProviderTarget): boolean {
  if (output.outcome !== "bounded") return false;
  return dialect.usage !== "openai-chat" || provider.maxTokensField !== "max_tokens" || output.statedIn.includes("max_tokens");
}

/** OpenAI refuses a Responses call with less (API reference, max_output_tokens), and nobody is served by an answer of a few tokens. */
const LEAST_OUTPUT_TOKENS = 16;

const NOTHING_BEYOND = { tokens: 0, leastLimit: 0 };

/** The most output tokens, fewer than asked for, whose ceiling the free money carries; 0 when not even the least does. */
function outputThatFits(freeNano: Nano, least: number, asked: number, ceilingFor: (maxOutputTokens: number) => Nano): number {
  let fits = least - 1;
  let tooMany = asked;
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (ceilingFor(middle) <= freeNano) fits = middle;
    else tooMany = middle;
  }
  return fits < least ? 0 : fits;
}

export function refusal(refused: HoldResult & { outcome: "refused" }, amountNano: Nano, at: Instant): Problem {
  const { account, budget } = refused;
  const freeUsd = formatUsd(account.freeNano > 0n ? account.freeNano : 0n);
  const neededUsd = formatUsd(amountNano);
  const limitUsd = formatUsd(account.limitNano);
  const ends = account.window.end !== NEVER;
  const resetAt = new Date(account.window.end).toISOString();
  const usedNano = account.spentNano + account.inDoubtNano + account.heldNano;
  const details = {
    budget: budget.id,
    account: account.id,
    limit_usd: limitUsd,
    spent_usd: formatUsd(account.spentNano),
    held_usd: formatUsd(account.heldNano),
    leased_usd: formatUsd(account.leasedNano),
    in_doubt_usd: formatUsd(account.inDoubtNano),
    free_usd: freeUsd,
    needed_usd: neededUsd,
    // What an auditor replays the ledger to: spent, leased and in doubt are as of this entry.
    as_of_entry: refused.asOfEntry,
    // Processes that may hold idle money of the account and did not answer in time.
    awaited: refused.awaited,
    reset_at: ends ? resetAt : null,
    ...(ends ? { retry_after_s: Math.max(1, Math.ceil((account.window.end - at) / 1000)) } : {}),
    // As the budget service warns: strictly above the share, with what is held and in doubt counted as used.
    warning: usedNano * 100n > BigInt(budget.warnPercent) * account.limitNano,
  };
  const { title } = PROBLEMS.budget_exhausted;
  const until = ends ? ` until it resets at ${resetAt}` : "";
  const message = `${title}: this call may cost ${neededUsd} USD, and of the ${limitUsd} USD of budget ${budget.id} ${freeUsd} USD are free${until}.${awaitedText(refused.awaited)}`;
  return new Problem("budget_exhausted", details, { message });
}

function awaitedText(awaited: readonly string[]): string {
  return awaited.length === 0 ? "" : ` What ${awaited.join(", ")} may hold idle of it did not come back in time.`;
}
