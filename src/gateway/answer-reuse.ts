import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../contract/problem.ts";
import { mayRepeat, type SplitRequest, splitRequest, type WrittenRequest } from "../core/answer-reuse/reusable-request.ts";
import { type ReuseTerms, reuseTerms, reuseWishes } from "../core/answer-reuse/reuse-terms.ts";
import type { SimilarQuestions } from "../core/answer-reuse/similar-questions.ts";
import type { LeverSubjects, LeversInForce } from "../core/levers/levers-in-force.ts";
import { SCOPE_DIMENSIONS } from "../core/scope/scope.ts";
import type { StoredAnswer } from "../ports/ledger-store.ts";
import type { KeptAnswer } from "./answer-cache.ts";
import { answerUnsent } from "./answer-unsent.ts";
import type { Caller } from "./authenticate-call.ts";
import type { CallRecord } from "./call-record.ts";
import { reachesProvider } from "./forward-headers.ts";
import type { Gateway } from "./handle-call.ts";
import { answerOwner, type IdempotentCall, requestFingerprint } from "./idempotent-call.ts";
import type { Verdict } from "./judge-call.ts";
import { leverSubjectsOf } from "./lever-subjects.ts";
import { type CallPlan, chooseTargets, type Planning } from "./plan-call.ts";
import type { Frequent } from "./prewarm-answers.ts";

/** What is configured of earlier answers that are given again. */
export interface ReuseSettings extends ReuseTerms {
  /** The only use cases whose calls are kept and answered so; empty: all. */
  readonly useCases: ReadonlySet<string>;
}

/** Under which names a call's answer may be kept, and found by others like it. */
export interface ReusePlace {
  readonly owner: string;
  readonly fingerprint: string;
  /** The question and its setting, where a call that asks the same in other words may have the answer. */
  readonly asked: (SplitRequest & { readonly setting: string }) | undefined;
  readonly keptMs: number;
  /** What is needed to ask again by ourselves, where the lever cache_prewarm is turned. */
  readonly frequent: Omit<Frequent, "owner" | "fingerprint"> | undefined;
}

/** Above this a request is hashed and looked through for longer than an answer is worth waiting for. */
const MOST_BODY_BYTES = 1 << 20;
const MOST_SPLIT_BYTES = 1 << 16;
/** What a request names and does not hold: it may be another thing tomorrow. */
const REFERENCES = ["image_url", "file_id", "file_url", "file", "video_url", "input_audio", "source", "container"].map((name) =>
  Buffer.from(`"${name}"`),
);

/**
 * Gives a call the answer that the same call, or one that asks the same, got before. Before anything is held: such an answer costs nothing.
 * @returns whether it was answered; where it was not, `record.reuse` says where its answer is to be kept
 * @throws Problem cache_only_enforced where nothing but an earlier answer may be given, and whatever keeps the call from being planned
 */
export async function answerAgain(
  gateway: Gateway,
  record: CallRecord,
  planning: Planning,
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  claimed: IdempotentCall | undefined,
): Promise<boolean> {
  if (record.holdout) return false;
  const subjects = leverSubjectsOf(planning);
  const levers = gateway.levers.inForce(subjects);
  const place = placeOf(gateway, planning, request, bytes, levers, subjects);
  if (place) {
    record.reuse = place;
    const wishes = reuseWishes(request.headers["cache-control"]);
    const found = wishes.mayRead
      ? await findAnswer(gateway, record.at, place, reuseTerms(gateway.reuse, levers), wishes.mostAgeMs)
      : undefined;
    if (found) {
      // Nothing was billed: the same key may be tried again.
      if (claimed) await gateway.store.dropIdempotency(claimed.keyId, claimed.key);
      gateway.prewarm.asked({ owner: place.owner, fingerprint: found.fingerprint });
      await giveAgain(gateway, record, response, found, levers);
      return true;
    }
  }
  if (levers.cache_only && planning.caller.priority !== "p0") {
    record.levers.push(`cache_only=${levers.cache_only}`);
    const details = { lever: "cache_only", use_case: planning.caller.scope.use_case ?? "", retry_after_s: 60 };
    throw new Problem("cache_only_enforced", details);
  }
  return false;
}

/** Keeps an answer that was had whole, and whose cost is known, for those who may have it again. */
export function keepAnswer(
  gateway: Gateway,
  record: CallRecord,
  plan: CallPlan,
  verdict: Verdict,
  answer: StoredAnswer,
  bytes: Buffer,
): void {
  // What a budget made smaller or cheaper is not the answer asked for.
  if (!record.mayKeep || verdict.basis !== "measured" || verdict.amountNano === null || plan.easedBy !== undefined) return;
  const kept: KeptAnswer = { answer, keptAt: record.at, costNano: verdict.amountNano };
  // Under the request alone, which says nothing of levers.
  if (record.levers.length === 0 && plan.hold.budgets.some(({ onShort }) => onShort === "cached_only")) {
    gateway.answers.keep(answerOwner(record.caller!), requestFingerprint(record.dialect, bytes), kept, gateway.settings.idempotencyTtlMs);
  }
  const { reuse } = record;
  if (!reuse) return;
  const { owner, fingerprint, asked, keptMs, frequent } = reuse;
  gateway.answers.keep(owner, fingerprint, kept, keptMs);
  if (asked) gateway.questions.keep({ owner, setting: asked.setting }, asked.question, fingerprint);
  if (frequent) gateway.prewarm.kept({ ...frequent, owner, fingerprint }, record.at);
}

interface FoundAnswer extends KeptAnswer {
  readonly kind: "exact" | "semantic";
  readonly fingerprint: string;
}

async function findAnswer(
  { answers, questions }: Gateway,
  at: number,
  { owner, fingerprint, asked }: ReusePlace,
  terms: ReuseTerms,
  mostAgeMs: number,
): Promise<FoundAnswer | undefined> {
  const exact = terms.exactMs > 0 ? await answers.find(owner, fingerprint, at) : undefined;
  if (exact && at - exact.keptAt < Math.min(terms.exactMs, mostAgeMs)) return { ...exact, kind: "exact", fingerprint };
  if (!asked || terms.semanticMs === 0) return undefined;
  const like = questions.find({ owner, setting: asked.setting }, asked.question);
  const similar = like === undefined ? undefined : await answers.find(owner, like, at);
  if (like === undefined || !similar || at - similar.keptAt >= Math.min(terms.semanticMs, mostAgeMs)) return undefined;
  return { ...similar, kind: "semantic", fingerprint: like };
}

async function giveAgain(
  gateway: Gateway,
  record: CallRecord,
  response: ServerResponse,
  { answer, keptAt, costNano, kind }: FoundAnswer,
  levers: LeversInForce,
): Promise<void> {
  const words = (["cache_aggressiveness", "cache_only"] as const)
    .filter((lever) => levers[lever])
    .map((lever) => `${lever}=${levers[lever]}`);
  record.levers.push(...words);
  const headers = { age: String(Math.max(0, Math.floor((record.at - keptAt) / 1000))), "x-ballast-levers": record.levers.join(",") };
  await answerUnsent(gateway, record, response, { answer, outcome: "replayed", cache: kind, headers, avoidedNano: costNano });
}

/** @returns undefined where the call's answer is neither kept nor looked for */
function placeOf(
  gateway: Gateway,
  planning: Planning,
  request: IncomingMessage,
  bytes: Buffer,
  levers: LeversInForce,
  subjects: LeverSubjects,
): ReusePlace | undefined {
  const { caller, dialect, summary } = planning;
  const { useCases } = gateway.reuse;
  const terms = reuseTerms(gateway.reuse, levers);
  const isOff = terms.exactMs === 0 && terms.semanticMs === 0;
  if (isOff || caller.pii || bytes.length > MOST_BODY_BYTES) return undefined;
  if (useCases.size > 0 && !useCases.has(caller.scope.use_case ?? "")) return undefined;
  const { members } = summary.members;
  const text = (name: string) => bytes.toString("utf8", members.get(name)!.valueStart, members.get(name)!.valueEnd);
  const written: WrittenRequest = { dialect: dialect.usage, names: [...members.keys()], text };
  if (!mayRepeat(written) || REFERENCES.some((name) => bytes.includes(name))) return undefined;
  // A key that may no longer have the model gets no answer of it either.
  chooseTargets(planning, summary.model);
  const headers = headersOf(request);
  const around = [dialect.path, JSON.stringify(headers), leverText(levers, caller)].join("\n");
  const split = terms.semanticMs > 0 && bytes.length <= MOST_SPLIT_BYTES ? splitRequest(written) : undefined;
  return {
    owner: reuseOwner(caller),
    fingerprint: hash("sha256", Buffer.concat([Buffer.from(`${around}\n\n`), bytes]), "hex"),
    asked: split && { ...split, setting: hash("sha256", `${around}\n\n${split.rest}`, "hex") },
    keptMs: Math.max(terms.exactMs, terms.semanticMs),
    frequent: levers.cache_prewarm ? { subjects, dialect, caller, headers, bytes } : undefined,
  };
}

/** Whose answers a call may get: those of its own key, for the same tenant, team, use case and so on; a run shares with other runs. */
export function reuseOwner({ key, scope }: Caller): string {
  const dimensions = SCOPE_DIMENSIONS.filter((dimension) => dimension !== "run").map((dimension) => scope[dimension] ?? null);
  return JSON.stringify([key.id, key.models, dimensions]);
}

/** What else changes an answer: the headers that reach the provider, but for those that only tell of the connection. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const names = Object.keys(headers).filter((name) => reachesProvider(name) && !OF_CONNECTIONS.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, String(headers[name])]));
}

const OF_CONNECTIONS =
  /^(?:user-agent|accept|accept-language|cache-control|pragma|traceparent|tracestate|baggage|b3|x-b3-.*|x-stainless-.*|x-request-id|x-correlation-id|x-real-ip|via|origin|referer|dnt|priority|sec-.*|date)$/;

/** Other levers change answers: what was answered under them is only given under the same, and calls that they spare have answers of their own. */
function leverText(levers: LeversInForce, { priority }: Caller): string {
  const others = Object.entries(levers).filter(([name]) => !CHANGES_NO_ANSWER.has(name));
  if (others.length === 0) return "[]";
  return JSON.stringify([priority === "p0", others.sort(([one], [other]) => (one < other ? -1 : 1))]);
}

const CHANGES_NO_ANSWER: ReadonlySet<string> = new Set([
  ...["cache_aggressiveness", "cache_prewarm", "cache_only", "batch_deferral", "exec_approval", "pace_p1", "pace_p2"],
  ...["depth_k", "rerank_candidates"],
]);

export type KeptQuestions = Pick<SimilarQuestions, "keep" | "find">;
