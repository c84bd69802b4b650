import type { IncomingMessage } from "node:http";
import { Problem } from "../contract/problem.ts";
import { briefRequest, mayCap } from "../core/brevity/response-cap.ts";
import { turnsToCompress } from "../core/compression/compressed-turns.ts";
import type { LeverId } from "../core/levers/lever-list.ts";
import { type LeverSubjects, type LeversInForce, NO_LEVERS } from "../core/levers/levers-in-force.ts";
import { placeOnLadder } from "../core/routing/model-ladder.ts";
import { mayHideReasoning } from "../core/usage/hidden-reasoning.ts";
import { boundWithBetas } from "./anthropic-betas.ts";
import type { CallRecord } from "./call-record.ts";
import type { Gateway } from "./handle-call.ts";
import { answerOwner } from "./idempotent-call.ts";
import { leverSubjectsOf, subjectKeysOf } from "./lever-subjects.ts";
import { frozenProblem, type Move, moveCall } from "./move-call.ts";
import { type CallTurn, chooseTargets, deferredTarget, type Planning } from "./plan-call.ts";
import type { PromptReading } from "./read-prompt.ts";

/** A call as the levers leave it: the bytes to be sent, what they say, and where they go. */
export interface TurnedCall {
  readonly bytes: Buffer;
  readonly planning: Planning;
}

/** A call that no lever turns. */
export function unturned(model: string): CallTurn {
  return { model, outputCap: undefined, deferred: false };
}

/** Seconds after which a deferred call is worth another try: levers move in steps of ten minutes. */
const DEFERRED_S = 900;

/**
 * What the levers in force make of a call: which model it goes to, its prompt, the most of its answer, its tier. Levers that are turned
 * for its use case, provider or model; none but the freeze touch a call in the holdout or of priority p0. What was done stands in the record.
 * @throws Problem model_frozen, call_deferred
 */
export function turnCall(
  gateway: Gateway,
  record: CallRecord,
  planning: Planning,
  bytes: Buffer,
  headers: IncomingMessage["headers"],
): TurnedCall | Promise<TurnedCall> {
  const { dialect } = planning;
  const place = dialect.operation === "embeddings" ? undefined : placeOf(planning);
  record.modelSize = place?.size;
  const subjects = leverSubjectsOf(planning);
  const levers = gateway.levers.inForce(subjects);
  if (levers === NO_LEVERS || dialect.operation === "embeddings") return { bytes, planning };
  return turnWith({ gateway, record, planning, bytes, headers, levers, subjects, place });
}

/**
 * By the name that was asked for, else by the model that it stands for: a route's first, or that of "provider/model", which then moves among
 * the models of that provider. Nobody gets around a lever by another name.
 */
function placeOf({ settings, caller, summary, dialect }: Planning): Move["place"] | undefined {
  const { ladders, routes } = settings;
  const useCase = caller.scope.use_case;
  const named = placeOnLadder(ladders, summary.model, useCase);
  const [first] = named ? [] : routes.targets(summary.model, dialect.provider);
  const place = first && placeOnLadder(ladders, first.model, useCase);
  if (!place || summary.model !== `${first.provider.name}/${first.model}`) return named ?? place;
  const models = Object.fromEntries(Object.entries(place.ladder.models).map(([size, model]) => [size, `${first.provider.name}/${model}`]));
  return { ...place, ladder: { ...place.ladder, models: models as typeof place.ladder.models } };
}

interface Turning extends TurnedCall {
  readonly gateway: Gateway;
  readonly record: CallRecord;
  readonly headers: IncomingMessage["headers"];
  readonly levers: LeversInForce;
  readonly subjects: LeverSubjects;
  readonly place: Move["place"] | undefined;
}

async function turnWith(turning: Turning): Promise<TurnedCall> {
  const { gateway, record, planning, bytes, levers, place } = turning;
  const isSpared = record.holdout || planning.caller.priority === "p0";
  const routes = levers.small_model_share !== undefined && place !== undefined;
  const compresses = levers.prompt_compression !== undefined && !isSpared;
  const caps = levers.response_cap_tokens !== undefined && !isSpared;
  const reads = routes || compresses || caps;
  const prompt = reads ? await gateway.bodies.readPrompt(planning.dialect, bytes, compresses) : undefined;
  // Also of calls that are left alone, so that like is compared with like.
  if (routes && prompt) record.complexity = planning.settings.complexityOf(prompt.facts);
  const model = chooseModel(turning, isSpared);
  const outputCap = caps && prompt ? capOf(turning, model, prompt) : undefined;
  const rewritten = prompt && !isSpared ? await rewrite(turning, prompt, outputCap) : turning;
  const deferred = levers.batch_deferral !== undefined && !record.holdout && defer(turning, model);
  return { bytes: rewritten.bytes, planning: { ...rewritten.planning, turn: { model, outputCap, deferred } } };
}

/** The model that the call goes to: by its share and complexity, and where the large one is frozen. */
function chooseModel({ gateway, record, planning, levers, subjects, place }: Turning, isSpared: boolean): string {
  const asked = planning.summary.model;
  const largeIsFrozen = levers[FREEZE] !== undefined;
  const share = isSpared || levers.small_model_share === undefined ? undefined : levers.small_model_share / 100;
  if (!place || (!largeIsFrozen && share === undefined)) return asked;
  const { complexity } = record;
  const size = moveCall(gateway, { planning, place, share, complexity, largeIsFrozen });
  if (size === "frozen") {
    note(record, FREEZE, levers);
    throw frozenProblem(gateway, record, subjectKeysOf(subjects));
  }
  if (size === place.size) return asked;
  record.modelSize = size;
  // The freeze alone would have moved it too; where both act, both did.
  if (share !== undefined) note(record, "small_model_share", levers);
  if (largeIsFrozen && place.size === "large") note(record, FREEZE, levers);
  return place.ladder.models[size]!;
}

const FREEZE = "feature_freeze/large_model";

function capOf({ record, planning, levers }: Turning, model: string, prompt: PromptReading): number | undefined {
  const { summary, dialect } = planning;
  const capTokens = levers.response_cap_tokens!;
  const askedTokens = summary.output.outcome === "bounded" ? summary.output.tokensPerChoice : planning.settings.defaultMaxOutputTokens;
  const targets = chooseTargets(planning, model)(askedTokens);
  const hidesReasoning = summary.hidesReasoning || targets.some((target) => mayHideReasoning(dialect.usage, target.model, {}));
  if (!mayCap({ isFreeForm: prompt.isFreeForm, hidesReasoning, askedTokens }, capTokens)) return undefined;
  note(record, "response_cap_tokens", levers);
  return capTokens;
}

/** The prompt in its tighter form, and with the wish for a short answer. Its bound is read anew from what will be sent. */
async function rewrite(turning: Turning, prompt: PromptReading, outputCap: number | undefined): Promise<TurnedCall> {
  const { gateway, record, planning, bytes, levers, headers } = turning;
  const owner = answerOwner(planning.caller);
  const turns = turnsToCompress(prompt.compressible, owner, gateway.turnMemory);
  const append = outputCap === undefined ? undefined : briefRequest(outputCap);
  if (turns.length === 0 && append === undefined) return turning;
  const compress = turns.map(({ turn }) => turn);
  const rewritten = await gateway.bodies.rewritePrompt(planning.dialect, bytes, { compress, append });
  if (rewritten.compressed) {
    note(record, "prompt_compression", levers);
    for (const { digest } of turns) gateway.turnMemory.add(`${owner} ${digest}`);
  } else if (append === undefined) return turning;
  const summary = boundWithBetas(await gateway.inspect(planning.dialect, rewritten.bytes), headers["anthropic-beta"]);
  return { bytes: rewritten.bytes, planning: { ...planning, summary } };
}

/**
 * Whether the call is sent in a provider's cheaper tier. Where there is none, a caller that says that it can wait is told to.
 * @throws Problem call_deferred
 */
function defer({ record, planning, levers, headers }: Turning, model: string): boolean {
  const { caller, summary, dialect } = planning;
  if (caller.priority !== "p2") return false;
  const isOpen = dialect.provider === "openai" && summary.tiers.service === undefined;
  if (isOpen && chooseTargets(planning, model)(1).some((target) => deferredTarget(target).length > 0)) {
    note(record, "batch_deferral", levers);
    return true;
  }
  if (headers["x-ballast-defer"] !== "true") return false;
  note(record, "batch_deferral", levers);
  throw new Problem("call_deferred", { retry_after_s: DEFERRED_S });
}

function note(record: CallRecord, lever: LeverId, levers: LeversInForce): void {
  record.levers.push(`${lever}=${levers[lever]}`);
}
