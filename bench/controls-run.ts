import { Pool } from "undici";
import { generationMs } from "../src/adapters/providers/sim/sim-answer.ts";
import { startSim } from "../src/adapters/providers/sim/sim-server.ts";
import type { RequestTrace, SentTrace } from "../src/contract/request-trace.ts";
import type { LeverId } from "../src/core/levers/lever-list.ts";
import { type Nano, usd } from "../src/core/money/usd.ts";
import type { ComplexityScore } from "../src/core/routing/complexity.ts";
import { openGatewayKit } from "../src/gateway/gateway-test-kit.ts";
import type { BenchCall, BenchUseCase } from "./controls-workload.ts";

export const LARGE = "gpt-4-1106-preview";
export const SMALL = "open-mixtral-8x7b";
const START = Date.parse("2026-11-18T18:15:46Z");
const FIRST_TOKEN_MS = 500;
const TOKENS_PER_S = 50;

/** Priced by Mistral's own list. */
const MISTRAL = {
  name: "mistral",
  priceList: "mistral",
  dialects: ["openai"],
  headers: {},
  maxTokensField: "max_tokens",
  headersTimeoutMs: 5000,
  bodyTimeoutMs: 5000,
  retries: 0,
} as const;

/** Levers of each use case, at their values; those that are not named are off. */
export type BenchLevers = Partial<Record<BenchUseCase, Partial<Record<LeverId, number>>>>;

/** What became of a call. */
export interface PlayedCall {
  readonly call: BenchCall;
  readonly costNano: Nano;
  readonly isError: boolean;
  readonly latencyMs: number;
  /** 0 to 1; undefined where nothing recorded says. */
  readonly quality: number | undefined;
  readonly isCut: boolean;
  readonly trace: SentTrace;
}

export interface PlaySetting {
  readonly calls: readonly BenchCall[];
  readonly levers: BenchLevers;
  readonly complexityOf: ComplexityScore;
  readonly holdoutShare?: number;
}

/** Sends the calls through a gateway of their own, one after the other, in the trace's time and not in ours. */
export async function playCalls({ calls, levers, complexityOf, holdoutShare = 0 }: PlaySetting): Promise<PlayedCall[]> {
  let now = START;
  let id = 0;
  // The sim looks at its options for each answer.
  const length = { kind: "fixed" as const, value: 1 };
  const sim = await startSim({ outputTokens: length });
  const kit = await openGatewayKit({
    now: () => now,
    newId: () => (++id).toString(16).padStart(32, "0"),
    upstreamUrl: sim.url,
    limitUsd: "1000000",
    answerCacheBytes: 1 << 26,
    mostQuestions: 10_000,
    extraProviders: [{ ...MISTRAL, baseUrl: sim.url }],
    routes: [{ model: SMALL, targets: [{ provider: MISTRAL.name, model: SMALL }] }],
    settings: { ladders: [{ models: { small: SMALL, large: LARGE }, useCases: ["exams"] }], complexityOf, holdoutShare },
  });
  const pool = new Pool(kit.url, { connections: 1 });
  try {
    const state = (values: Partial<Record<LeverId, number>>) =>
      Object.fromEntries(
        Object.entries(values).map(([lever, value = 0]) => [lever, { value, before: value, failures: 0, appliedAt: START }]),
      );
    const turned = Object.entries(levers).map(([name, values]) => {
      return { subject: `use_case:${name}`, revision: 1, state: { levers: state(values), reached: [] } };
    });
    kit.levers.renew(turned);
    const { secret } = await kit.key({ tenant: "acme" }, { mayName: ["use_case"] });
    const answers: SaidAnswer[] = [];
    for (const call of calls) {
      now = START + call.atMs;
      length.value = Math.max(1, call.outputTokens);
      answers.push(await ask(pool, secret, call));
    }
    const traces = await kit.settled(calls.length);
    if (traces.length !== calls.length) throw new Error(`${calls.length} calls left ${traces.length} traces`);
    return playedCalls(calls, answers, traces);
  } finally {
    await pool.close();
    await kit.close();
    await sim.close();
  }
}

interface SaidAnswer {
  readonly status: number;
  readonly id: string;
  readonly isCut: boolean;
}

async function ask(pool: Pool, secret: string, call: BenchCall): Promise<SaidAnswer> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/v1/chat/completions",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", "x-ballast-use-case": call.useCase },
    body: JSON.stringify({ model: LARGE, messages: call.messages() }),
  });
  const answer = (await body.json()) as { id?: string; choices?: { finish_reason: string }[] };
  return { status: statusCode, id: answer.id ?? "", isCut: answer.choices?.[0]?.finish_reason === "length" };
}

function playedCalls(calls: readonly BenchCall[], answers: readonly SaidAnswer[], traces: readonly SentTrace[]): PlayedCall[] {
  // Whose answer an id is: of one from the cache, the call's that a provider answered.
  const asked = new Map<string, BenchCall>();
  return calls.map((call, index) => {
    const [answer, trace] = [answers[index]!, traces[index]! as RequestTrace];
    if (Date.parse(trace.ts) !== START + call.atMs) throw new Error(`trace ${index} is not of call ${index}`);
    if (!asked.has(answer.id)) asked.set(answer.id, call);
    const isHit = trace.cache_hit === true;
    return {
      call,
      trace,
      costNano: usd(trace.unit_cost_usd ?? "0"),
      isError: answer.status !== 200,
      isCut: answer.isCut,
      latencyMs: isHit ? 0 : FIRST_TOKEN_MS + generationMs(trace.gen_tokens, TOKENS_PER_S),
      quality: answer.status !== 200 || answer.isCut ? lostQuality(call) : qualityOf(call, trace, asked.get(answer.id)!),
    };
  });
}

function lostQuality({ useCase }: BenchCall): number | undefined {
  return useCase === "minutes" ? undefined : 0;
}

function qualityOf(call: BenchCall, trace: SentTrace, answered: BenchCall): number | undefined {
  if (call.prompt) return Number(trace.model_id === LARGE ? call.prompt.strongIsRight : call.prompt.weakIsRight);
  return call.intent === undefined ? undefined : Number(answered.intent === call.intent);
}
