import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../contract/problem.ts";
import { reuseWishes } from "../core/answer-reuse/reuse-terms.ts";
import type { TurnMemory } from "../core/compression/turn-memory.ts";
import { isHeldOut } from "../core/levers/holdout.ts";
import { formatUsd } from "../core/money/usd.ts";
import { callCeiling } from "../core/pricing/call-ceiling.ts";
import { reportedPriceId } from "../core/pricing/price-answer.ts";
import type { PriceBook } from "../core/pricing/price-book.ts";
import type { ShareControllers } from "../core/routing/share-controller.ts";
import type { KeyRing } from "../data/store/key-ring.ts";
import type { LeaseDesk } from "../data/store/lease-desk.ts";
import type { LeverBoard } from "../data/store/lever-board.ts";
import type { LedgerStore, StoredAnswer } from "../ports/ledger-store.ts";
import { answerAgain, type KeptQuestions, keepAnswer, type ReuseSettings } from "./answer-reuse.ts";
import { answerUnsent } from "./answer-unsent.ts";
import { boundWithBetas } from "./anthropic-betas.ts";
import { identifyCaller } from "./authenticate-call.ts";
import type { BodyInspector } from "./body-inspector.ts";
import { book, bookUnexpected, keepOf, resultOf } from "./book-call.ts";
import { pricedParts, readCallParts } from "./call-parts.ts";
import { type CallRecord, type CallResult, startRecord } from "./call-record.ts";
import type { CallSettings } from "./call-settings.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { type AttemptResult, failover } from "./failover.ts";
import { answerHeaders, requestHeaders } from "./forward-headers.ts";
import { claimCall, type IdempotentCall } from "./idempotent-call.ts";
import type { BodySummary } from "./inspect-body.ts";
import { judgeCall, neverSent, type Verdict } from "./judge-call.ts";
import type { OwnCall } from "./own-call.ts";
import { type PacingBook, paceCall } from "./pace-call.ts";
import { type BoundTarget, bodyFor, type CallPlan, ceilingOf, type Planning, planCall, refusal, scopesOf } from "./plan-call.ts";
import type { AnswerPrewarmer } from "./prewarm-answers.ts";
import { CallerLeft, readBody } from "./read-body.ts";
import { refuseCall } from "./refuse-call.ts";
import { type Relay, relayAnswer } from "./relay-answer.ts";
import type { RunawayGuard } from "./runaway-guard.ts";
import type { ProviderConnections } from "./send-attempt.ts";
import type { SharedAnswers } from "./shared-answers.ts";
import { answerShortCall, easedHeaders } from "./short-call.ts";
import { turnCall, unturned } from "./turn-call.ts";
import type { UnknownUnits } from "./unknown-units.ts";

export interface Gateway {
  readonly keys: KeyRing;
  readonly desk: LeaseDesk;
  readonly store: LedgerStore;
  readonly prices: PriceBook;
  /** What cost levers are turned now. */
  readonly levers: Pick<LeverBoard, "inForce" | "get">;
  /** Holds the share of the small model, for each use case. */
  readonly shares: ShareControllers;
  /** Which calls of a priority are let through while it is paced. */
  readonly pacing: PacingBook;
  /** Which turns of conversations went out compressed. */
  readonly turnMemory: TurnMemory;
  readonly settings: CallSettings;
  readonly connections: ProviderConnections;
  /** Earlier answers: for calls that may have them again, and for budgets that allow nothing else once they are used up. */
  readonly answers: Pick<SharedAnswers, "keep" | "find">;
  /** The questions that they answer, of this process alone. */
  readonly questions: KeptQuestions;
  readonly reuse: ReuseSettings;
  readonly prewarm: Pick<AnswerPrewarmer, "kept" | "asked">;
  /** Reads a body; large ones away from the event loop. @throws Problem invalid_json, invalid_request */
  readonly inspect: (dialect: Dialect, bytes: Buffer) => BodySummary | Promise<BodySummary>;
  /** Reads and rewrites prompts for levers; large ones away from the event loop. */
  readonly bodies: Pick<BodyInspector, "readPrompt" | "rewritePrompt">;
  readonly now: () => number;
  readonly steadyNow: () => number;
  readonly newId: () => string;
  readonly random: () => number;
  readonly unknownUnits: UnknownUnits;
  readonly runaway: Pick<RunawayGuard, "check" | "ended">;
  readonly observe: (record: CallRecord, result: CallResult, latencyMs: number) => void;
  readonly log: { warn(facts: object, words: string): void; error(facts: object, words: string): void };
}

/** One model call, from request to settled cost. */
export async function handleCall(
  gateway: Gateway,
  dialect: Dialect,
  request: IncomingMessage,
  response: ServerResponse,
  own?: OwnCall,
): Promise<void> {
  const record = startRecord(dialect, gateway.newId(), gateway.now(), gateway.steadyNow());
  let claimed: IdempotentCall | undefined;
  let open: CallPlan | undefined;
  try {
    const { settings } = gateway;
    const identified = own?.caller ?? identifyCaller(request.headers, gateway.keys, record.at);
    const caller = identified instanceof Promise ? await identified : identified;
    record.caller = caller;
    if (own) record.levers.push(own.lever);
    record.mayKeep = !caller.pii && reuseWishes(request.headers["cache-control"]).mayKeep;
    record.said = readCallParts(request.headers);
    record.parts = pricedParts(record.said, settings.unitPrices, caller.scope.use_case ?? "", record.at);
    const bytes = await readBody(request, settings.maxBodyBytes);
    const summary = boundWithBetas(await gateway.inspect(dialect, bytes), request.headers["anthropic-beta"]);
    record.requestedModel = summary.model;
    record.stream = summary.stream;
    const turn = unturned(summary.model);
    const asked: Planning = { prices: gateway.prices, desk: gateway.desk, settings, dialect, caller, summary, turn, at: record.at };
    const claim = await claimCall(gateway, request, caller, dialect, bytes, record.at);
    if (claim?.state === "answered") {
      // Sent again, not done again.
      record.parts = [];
      return await answerUnsent(gateway, record, response, { answer: claim.answer, outcome: "replayed", cache: "idempotent", headers: {} });
    }
    claimed = claim;
    gateway.runaway.check(record);
    const useCase = caller.scope.use_case;
    // By the first id, before any cache is asked, and whether or not a lever is turned now. What we ask ourselves measures nothing.
    record.holdout = own === undefined && useCase !== undefined && isHeldOut(record.traceId, settings.holdoutShare);
    if (await answerAgain(gateway, record, asked, request, response, bytes, claimed)) return;
    paceCall(gateway, record, asked);
    const turning = turnCall(gateway, record, asked, bytes, request.headers);
    const { planning, bytes: sentBytes } = turning instanceof Promise ? await turning : turning;
    const plan = await planCall(planning, record.traceId);
    if (plan.outcome === "short") {
      // Nothing was billed: the same key may be tried again, when there is money.
      if (claimed) await gateway.store.dropIdempotency(claimed.keyId, claimed.key);
      return await answerShortCall(gateway, record, summary, bytes, response, plan);
    }
    record.heldNano = plan.hold.amountNano;
    open = plan;
    if (response.destroyed && !claimed) {
      const verdict = neverSent();
      await book(gateway, record, plan, verdict, resultOf(verdict, 499, undefined, ""), undefined);
      return;
    }
    const sent = await sendCall(gateway, record, { ...planning, summary: plan.summary }, plan, sentBytes, request, response, claimed);
    await finishCall(gateway, record, sent, bytes, response, claimed);
  } catch (error) {
    if (open && !(error instanceof Problem)) await bookUnexpected(gateway, record, open, claimed);
    if (claimed) await gateway.store.dropIdempotency(claimed.keyId, claimed.key).catch(() => {});
    if (error instanceof CallerLeft) return;
    await refuseCall(gateway, record, request, response, error);
  }
}

interface SentCall {
  readonly result: AttemptResult;
  readonly target: BoundTarget;
  readonly plan: CallPlan;
  readonly summary: BodySummary;
  readonly relay: Relay | undefined;
  readonly callerLeft: boolean;
  readonly problem: Problem | undefined;
}

/** Sends the call until a provider answers or none is left, and relays the answer all but its end. */
async function sendCall(
  gateway: Gateway,
  record: CallRecord,
  planning: Planning,
  firstPlan: CallPlan,
  bytes: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  claimed: IdempotentCall | undefined,
): Promise<SentCall> {
  const { summary, dialect } = planning;
  let plan = firstPlan;
  let relay: Relay | undefined;
  const sentAt = gateway.steadyNow();
  const { result, target, attempts, problem } = await failover<BoundTarget>({
    targets: plan.targets,
    random: gateway.random,
    // A plain answer is waited for even when the caller has left: only its end tells what it cost.
    wanted: () => !response.destroyed || claimed !== undefined,
    attempt(target) {
      record.provider = target.provider.name;
      record.model = target.model;
      record.priceId = target.price.id;
      const body = bodyFor(target, plan, planning, bytes);
      return attemptCall(gateway, record, target, plan, summary, dialect, request, response, body, (begun) => {
        relay = begun;
      });
    },
    async renewHold(after, next) {
      const { ignoredUsageKeys } = gateway.settings;
      const verdict = judgeCall({ result: after, target: plan.targets[0]!, summary, callerLeft: response.destroyed, ignoredUsageKeys });
      await book(gateway, record, plan, verdict, resultOf(verdict, 504, undefined, ""), claimed && keepOf(claimed, verdict, undefined));
      record.parts = [];
      const holdId = `${record.traceId.split(".")[0]}.${record.attempts + 2}`;
      const rest = plan.targets.slice(plan.targets.indexOf(next));
      const amountNano = ceilingOf(rest, summary);
      const renewed = await gateway.desk.hold(holdId, scopesOf(planning.caller.scope, rest), amountNano, record.at);
      if (renewed.outcome === "refused") return refusal(renewed, amountNano, record.at);
      record.traceId = holdId;
      record.heldNano = amountNano;
      plan = { ...plan, hold: renewed.hold };
      return undefined;
    },
  });
  record.attempts = attempts;
  record.upstreamMs = gateway.steadyNow() - sentAt;
  return { result, target, plan, summary, relay, callerLeft: response.destroyed, problem };
}

/** One attempt at one provider, to its very end. */
function attemptCall(
  gateway: Gateway,
  record: CallRecord,
  target: BoundTarget,
  plan: CallPlan,
  summary: BodySummary,
  dialect: Dialect,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  begun: (relay: Relay) => void,
): Promise<AttemptResult> {
  return new Promise((resolve) => {
    let relay: Relay | undefined;
    let drainTimer: NodeJS.Timeout | undefined;
    let drainBytes: number | undefined;
    const refusedPieces: Buffer[] = [];
    let refusedHead: Parameters<typeof answerHeaders>[0] | undefined;
    const finish = (result: AttemptResult) => {
      clearTimeout(drainTimer);
      response.removeListener("close", onClose);
      resolve(result);
    };
    const attempt = gateway.connections.send(target.provider, dialect.path, requestHeaders(request, target.provider), body, {
      onHead(head) {
        if (head.status < 200 || head.status > 299) {
          refusedHead = head;
          return;
        }
        const { desk, settings } = gateway;
        relay = relayAnswer({
          dialect,
          head,
          response,
          headers: answerHeaders(head),
          ownHeaders: () => ballastHeaders(record, plan, desk.warns(plan.hold.accounts)),
          hideUsageEvent: dialect.askForUsage(summary) !== undefined,
          maxBytes: settings.maxAnswerBytes,
          keepBytes: settings.idempotencyMaxBytes,
          now: gateway.steadyNow,
          cut: () => attempt.cut(),
          pause: () => attempt.pause(),
          resume: () => attempt.resume(),
          readOn(producedBytes) {
            drainBytes ??= producedBytes + drainAllowance(target, settings);
            drainTimer ??= setTimeout(() => attempt.cut(), settings.drainMaxMs);
            return producedBytes < drainBytes;
          },
          done: (report) => finish({ kind: "answered", report }),
        });
        begun(relay);
      },
      onPiece(piece) {
        if (relay) relay.onPiece(piece);
        else if (refusedPieces.length < 1000) refusedPieces.push(piece);
      },
      onEnd() {
        if (relay) relay.onEnd();
        else finish({ kind: "refused", head: refusedHead!, body: Buffer.concat(refusedPieces) });
      },
      onFailure(failure) {
        if (relay) relay.onFailure(failure);
        else if (refusedHead) finish({ kind: "refused", head: refusedHead, body: Buffer.concat(refusedPieces) });
        else finish(failure.sent ? { kind: "unknown", failure } : { kind: "unreached", failure });
      },
    });
    // A stalled stream whose caller has left must not wait for its next piece to be cut.
    const onClose = () => {
      attempt.resume();
      if (relay && summary.stream) drainTimer ??= setTimeout(() => attempt.cut(), gateway.settings.drainMaxMs);
    };
    response.on("close", onClose);
  });
}

/** Books the call, then lets the caller have the end of the answer. */
async function finishCall(
  gateway: Gateway,
  record: CallRecord,
  sent: SentCall,
  bytes: Buffer,
  response: ServerResponse,
  claimed: IdempotentCall | undefined,
): Promise<void> {
  const { result, target, summary, callerLeft, relay } = sent;
  // When a renewed hold was refused, the attempt before it is already booked as in doubt.
  if (sent.problem) throw sent.problem;
  const verdict = judgeCall({ result, target, summary, callerLeft, ignoredUsageKeys: gateway.settings.ignoredUsageKeys });
  if (verdict.byProvider) record.priceId = reportedPriceId(target.provider.priceList, target.model);
  const report = result.kind === "answered" ? result.report : undefined;
  const status =
    report?.head.status ?? (result.kind === "refused" ? result.head.status : verdict.problem === "provider_timeout" ? 504 : 502);
  const reading = report?.reading.outcome === "measured" ? report.reading : undefined;
  const callResult: CallResult = {
    // The tier it was priced at: what the answer names, or else what was asked for. With it the call can be priced again.
    ...resultOf(
      verdict,
      status,
      reading?.responseId,
      reading ? (reading.serviceTier ?? target.serviceTier ?? summary.tiers.service ?? "") : "",
    ),
    ttftMs: report?.firstPieceAt == null ? null : report.firstPieceAt - record.startedAt,
  };
  const answer = report?.end === "complete" && report.kept ? storedAnswer(report.head, report.kept) : undefined;
  if (answer) keepAnswer(gateway, record, sent.plan, verdict, answer, bytes);
  const booked = await book(gateway, record, sent.plan, verdict, callResult, claimed && keepOf(claimed, verdict, answer));
  // Nothing was billed: the same key may be tried again.
  if (claimed && verdict.ending === "release") await gateway.store.dropIdempotency(claimed.keyId, claimed.key).catch(() => {});
  const headers = { ...ballastHeaders(record, sent.plan, gateway.desk.warns(sent.plan.hold.accounts)), ...costHeaders(verdict, booked) };
  const problem = verdict.problem && new Problem(verdict.problem, { provider: record.provider, trace_id: record.traceId });
  if (relay && !problem) relay.release(headers);
  else if (response.headersSent) relay?.release(headers, problem && record.dialect.errorEvent(problem, problem.details));
  else if (result.kind === "refused") {
    response.writeHead(result.head.status, { ...answerHeaders(result.head), ...headers, "content-length": result.body.length });
    response.end(result.body);
  } else if (problem && !response.destroyed) {
    const body = record.dialect.errorBody(problem, problem.details);
    response.writeHead(problem.status, { "content-type": "application/json", ...headers, "content-length": Buffer.byteLength(body) });
    response.end(body);
  }
}

/** How many bytes of text may still be produced for a caller who has left. */
function drainAllowance(target: BoundTarget, settings: CallSettings): number {
  const million = { inputTokens: 0, outputTokens: 1_000_000, mayUseAudio: false, mayUseImages: false, webSearches: 0, requests: 0 };
  const perMillion = callCeiling(target.price, million);
  if (perMillion.outcome !== "bounded" || perMillion.nano === 0n) return Number.MAX_SAFE_INTEGER;
  const tokens = (settings.drainMaxNano * 1_000_000n) / perMillion.nano;
  return Number(tokens);
}

function storedAnswer(head: Parameters<typeof answerHeaders>[0], body: Buffer): StoredAnswer {
  return { status: head.status, headers: { "content-type": String(head.headers["content-type"] ?? "application/json") }, body };
}

function ballastHeaders(record: CallRecord, plan: CallPlan, warned: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    "x-ballast-trace-id": record.traceId,
    "x-ballast-model": record.model,
    "x-ballast-provider": record.provider,
    "x-ballast-cache": "none",
    "x-ballast-levers": record.levers.join(","),
  };
  if (plan.fitted) headers["x-ballast-max-tokens"] = String(plan.maxOutputTokens);
  if (plan.easedBy) Object.assign(headers, easedHeaders(plan.easedBy));
  if (warned) headers["x-ai-budget-warning"] = "true";
  return headers;
}

function costHeaders(verdict: Verdict, booked: boolean): Record<string, string> {
  const headers: Record<string, string> = { "x-ballast-cost-basis": verdict.basis };
  if (verdict.amountNano !== null) headers["x-ballast-cost-usd"] = formatUsd(verdict.amountNano);
  if (!booked) headers["x-ballast-settlement"] = "pending";
  return headers;
}
