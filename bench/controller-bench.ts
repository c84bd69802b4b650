import { performance } from "node:perf_hooks";
import { SIGNALS, type SignalName } from "../src/core/levers/signal-list.ts";
import { afterDecisions } from "../src/core/policy/after-decisions.ts";
import { decideAll } from "../src/core/policy/decide-all.ts";
import type { ControlState, SubjectFacts } from "../src/core/policy/decision.ts";
import { DEFAULT_LIMITS } from "../src/core/policy/guardrail-list.ts";
import { DEFAULT_PACE, type SubjectPolicy } from "../src/core/policy/policy.ts";
import { readAction } from "../src/core/policy/read-action.ts";
import { subjectControls } from "../src/core/policy/subject-control.ts";
import { seededDraws } from "../src/std/seeded-draws.ts";
import type { BenchSetting } from "./bench-setting.ts";
import type { Figure, Outcome } from "./figure.ts";

const USE_CASES = 1_000;
const POLICIES_EACH = 10;
const TICKS = 20;
const START = Date.UTC(2026, 10, 1);

/** Ticks of the lever engine over 10,000 policies of 1,000 use cases whose spending and guardrails move. In process, without a store. */
export async function controllerBench({ rounds, say }: BenchSetting): Promise<Outcome> {
  const longest: number[] = [];
  const middle: number[] = [];
  const changes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { tookMs, decisions } = playTicks(round + 1);
    say(`controller: round ${round + 1}, ${decisions} decisions in ${TICKS} ticks`);
    longest.push(Math.max(...tookMs));
    middle.push([...tookMs].sort((a, b) => a - b)[TICKS / 2]!);
    changes.push(decisions / TICKS);
  }
  const name = `tick over ${USE_CASES * POLICIES_EACH} policies of ${USE_CASES} use cases`;
  const figures: Figure[] = [
    { benchmark: "controller", name: `${name}, the longest`, unit: "ms", values: longest, goal: "< 1000" },
    { benchmark: "controller", name: `${name}, the median`, unit: "ms", values: middle },
    { benchmark: "controller", name: "decisions in a tick", unit: "count", values: changes },
  ];
  return { figures, notes: [] };
}

function playTicks(seed: number): { tookMs: number[]; decisions: number } {
  const draws = seededDraws(seed);
  const below = (most: number) => draws() % most;
  const controls = subjectControls(Array.from({ length: USE_CASES * POLICIES_EACH }, (_, index) => aPolicy(index)));
  const states = new Map<string, ControlState>();
  const tookMs: number[] = [];
  let decisions = 0;
  for (let tick = 0; tick < TICKS; tick++) {
    const now = START + tick * 5 * 60_000;
    const facts = new Map([...controls.keys()].map((key) => [key, someFacts(now, below)] as const));
    const began = performance.now();
    const verdicts = decideAll({ controls, facts, states, approvals: [], now });
    tookMs.push(performance.now() - began);
    for (const [key, verdict] of verdicts) {
      decisions += verdict.decisions.length;
      states.set(key, afterDecisions(states.get(key) ?? { levers: {}, reached: [] }, verdict.decisions, now));
    }
  }
  return { tookMs, decisions };
}

const WORDS = [
  ["notify:#finops", "enable_prompt_compress", "increase_cache_aggressiveness"],
  ["route_small_model>=65%", "depth_k=max(4)"],
  ["disable_large_model"],
];

function aPolicy(index: number): SubjectPolicy {
  const thresholds = WORDS.map((words, step) => ({
    share: [750_000n, 900_000n, 1_000_000n][step]!,
    actions: words.flatMap((word) => {
      const reading = readAction(word);
      return reading.outcome === "read" ? reading.actions : [];
    }),
  }));
  return {
    policy: `policy-${Math.floor(index / USE_CASES)}.yaml`,
    subject: { kind: "use_case", name: `use-case-${index % USE_CASES}` },
    capNano: BigInt(1_000 + index) * 1_000_000_000n,
    thresholds,
    exclusions: [],
    limits: DEFAULT_LIMITS,
    pace: DEFAULT_PACE,
  };
}

/** Most guardrails hold; one in fifty is broken. */
function someFacts(now: number, below: (most: number) => number): SubjectFacts {
  const values: Partial<Record<SignalName, number>> = {
    p95_latency_ms: below(50) === 0 ? 1500 : 900,
    error_rate: below(50) === 0 ? 0.05 : 0.002,
    grounded: below(50) === 0 ? 4 : 4.6,
  };
  const signals = Object.fromEntries(
    (Object.entries(values) as [SignalName, number][]).map(([name, value]) => {
      return [name, { name, value, samples: 500, observedAt: now, windowMs: SIGNALS[name].windowMs }];
    }),
  );
  return { signals, spending: { spentNano: BigInt(700 + below(10_000)) * 1_000_000_000n, observedAt: now } };
}
