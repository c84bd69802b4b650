import { performance } from "node:perf_hooks";
import { learnedRouter } from "../src/core/learned-router/learned-router.ts";
import { scoreOf } from "../src/core/learned-router/score-prompt.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { COMPARED_ROUTERS, calibrationError } from "./compared-routers.ts";
import { type Figure, median, type Outcome } from "./figure.ts";
import { RECORDED_PROMPTS_SOURCE, type RecordedPrompt, recordedPrompts } from "./judged-prompts.ts";
import { PUBLISHED_ROUTERS } from "./published-routers.ts";
import { callsForGap, type RoutingCurve, recoveredGap, routingCurve } from "./routing-curve.ts";

const SETS = ["mmlu", "gsm8k"] as const;

/** Which calls go to the strong model: cost against quality on recorded answers, of prompts that the learned router did not learn from. */
export async function routingBench({ rounds, data, say }: BenchSetting): Promise<Outcome> {
  const prompts = recordedPrompts(data);
  if (!prompts) return { figures: [], notes: [`routing: ${data} does not have ${RECORDED_PROMPTS_SOURCE}.`] };
  const seeds = Array.from({ length: rounds }, (_, round) => round + 1);
  const curves = COMPARED_ROUTERS.map(({ name, needs }) => {
    say(`routing: ${name}`);
    const perSeed = seeds.map((seed) => needs(prompts, seed));
    return { name, of: (set: string) => perSeed.map((values) => curveOf(set, prompts, values)) };
  });
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const set of SETS) {
    for (const { name, of } of curves) figures.push(...figuresOf(set, name, of(set)));
    for (const { name, gap, half, fourFifths } of PUBLISHED_ROUTERS.filter((each) => each.set === set)) {
      const published = (what: string, unit: string, value: number): Figure => {
        return { benchmark: `routing ${set}`, name: `published: ${name}: ${what}`, unit, values: [value] };
      };
      figures.push(published("APGR", "gap recovered", gap), published("CPT(50 %)", "% to GPT-4", half));
      figures.push(published("CPT(80 %)", "% to GPT-4", fourFifths));
    }
    notes.push("", ...curveTable(set, curves));
  }
  say("routing: calibration, time");
  const errors = seeds.map((seed) => calibrationError(prompts, seed));
  figures.push({ benchmark: "routing", name: "score against what came true, mean of ten groups", unit: "points of 100", values: errors });
  figures.push({ benchmark: "routing", name: "time to score a prompt", unit: "µs", values: seeds.map(() => scoringTimeUs(prompts)) });
  notes.push("", ...CAVEATS);
  return { figures, notes };
}

function curveOf(set: string, prompts: readonly RecordedPrompt[], needs: readonly number[]): RoutingCurve {
  const indices = prompts.flatMap((prompt, index) => (prompt.set === set ? [index] : []));
  return routingCurve(
    indices.map((index) => prompts[index]!),
    indices.map((index) => needs[index]!),
  );
}

function figuresOf(set: string, name: string, curves: readonly RoutingCurve[]): Figure[] {
  const benchmark = `routing ${set}`;
  const share = (part: number) => curves.map((curve) => 100 * callsForGap(curve, part));
  return [
    { benchmark, name: `${name}: APGR`, unit: "gap recovered", values: curves.map(recoveredGap) },
    { benchmark, name: `${name}: CPT(50 %)`, unit: "% to GPT-4", values: share(0.5) },
    { benchmark, name: `${name}: CPT(80 %)`, unit: "% to GPT-4", values: share(0.8) },
  ];
}

/** Percent right at each share of the calls that goes to the strong model. */
function curveTable(set: string, curves: readonly { name: string; of(set: string): readonly RoutingCurve[] }[]): string[] {
  const shares = curves[0]!.of(set)[0]!.points.map(({ strongShare }) => `${Math.round(100 * strongShare)} %`);
  const line = (cells: readonly string[]) => cells.map((cell, index) => (index === 0 ? cell.padEnd(28) : cell.padStart(7))).join("");
  const rows = curves.map(({ name, of }) => {
    const all = of(set);
    const accuracy = (step: number) => median(all.map(({ points }) => 100 * points[step]!.accuracy)).toFixed(1);
    return line([name, ...shares.map((_, step) => accuracy(step))]);
  });
  return [line([`${set}: % right, calls to GPT-4`, ...shares]), ...rows];
}

function scoringTimeUs(prompts: readonly RecordedPrompt[]): number {
  const model = learnedRouter();
  const some = prompts.filter((_, index) => index % 8 === 0);
  const began = performance.now();
  for (const { text } of some) scoreOf(model, text);
  return (1000 * (performance.now() - began)) / some.length;
}

const CAVEATS = [
  "learned: 5-fold cross-validation, each prompt judged by a router that did not learn from it; a round is another division into folds.",
  "subject never seen: whole subjects are held out, so GSM8K is judged by a router that learned from MMLU alone and the other way round.",
  "published: RouteLLM's paper over all of MMLU (57 subjects) and GSM8K (1,307 questions); ours are its recorded answers to 29 subjects",
  "(7,658 questions) and 660 questions. Its routers learned from Chatbot Arena and added labels, ours from these sets only: near, not equal.",
];
