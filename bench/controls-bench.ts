import { MOST_HOLDOUT_SHARE } from "../src/core/levers/holdout.ts";
import type { LeverId } from "../src/core/levers/lever-list.ts";
import type { ComplexityScore } from "../src/core/routing/complexity.ts";
import type { UseCaseSaving } from "../src/core/savings/use-case-saving.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { type Compared, compareCalls } from "./controls-compared.ts";
import { savingsOf } from "./controls-measured.ts";
import { groupTable, margined, mixLines, onScale, savingLines, shareLines, textTable } from "./controls-notes.ts";
import { type BenchPolicy, GUARDED_POLICY, KEEPING_POLICY, leversOf, PRINTED_POLICY, policyLines } from "./controls-policy.ts";
import { LARGE, type PlayedCall, playCalls, SMALL } from "./controls-run.ts";
import { ASSUMPTIONS, type BenchCall, controlsWorkload, FAQ_QUESTIONS, USE_CASES, WORKLOAD_SOURCE } from "./controls-workload.ts";
import { outOfFoldAdvantages } from "./cross-validate.ts";
import type { Figure, Outcome } from "./figure.ts";
import type { RecordedPrompt } from "./judged-prompts.ts";

const SEED = 1;
/** Of the runs with single levers: there are many. */
const CALLS_OF_PARTS = 2000;
const LEVERS: readonly LeverId[] = ["cache_aggressiveness", "small_model_share", "prompt_compression", "response_cap_tokens"];
/** Levels of the cache, and how many different questions the help desk is asked: what its saving hangs on. */
const CACHES: readonly (readonly [level: number, questions: number])[] = [
  [1, FAQ_QUESTIONS],
  [2, FAQ_QUESTIONS],
  [3, FAQ_QUESTIONS],
  [2, 8000],
];

/** What levers save on a recorded trace, and whether answers stay as good: the same calls with controls and without, through the gateway. */
export async function controlsBench({ data, say }: BenchSetting): Promise<Outcome> {
  const workload = controlsWorkload(data, SEED);
  if (!workload) return { figures: [], notes: [`controls: ${data} does not have ${WORKLOAD_SOURCE}.`] };
  const { calls, prompts } = workload;
  say(`controls: seed ${SEED}, ${calls.length} calls; the router learns`);
  const complexity = learnedElsewhere(prompts);
  const bench: Bench = { calls, say, complexityOf: ({ lastWords }) => complexity.get(lastWords) ?? 1, figures: [], notes: [] };
  say("controls: without controls");
  const off = await playCalls({ calls, levers: {}, complexityOf: bench.complexityOf });
  bench.notes.push("", `controls: seed ${SEED}; ${calls.length} calls; large ${LARGE}, small ${SMALL}. What is assumed:`);
  bench.notes.push(...ASSUMPTIONS.map((words) => `- ${words}`));
  const kept = await comparePolicy(bench, "quality kept", KEEPING_POLICY, off);
  bench.notes.push(...mixLines(kept));
  await partsOf(bench, "quality kept", KEEPING_POLICY, off);
  await comparePolicy(bench, "guardrails held", GUARDED_POLICY, off);
  await comparePolicy(bench, "as printed", PRINTED_POLICY, off);
  await partsOf(bench, "as printed", PRINTED_POLICY, off);
  bench.notes.push("", ...(await cacheLines(bench, data, off)), "", ...shareLines(prompts, complexity));
  return bench;
}

interface Bench {
  readonly calls: readonly BenchCall[];
  readonly complexityOf: ComplexityScore;
  readonly figures: Figure[];
  readonly notes: string[];
  say(words: string): void;
}

/** Each question's rank by a router that did not learn from it. */
function learnedElsewhere(prompts: readonly RecordedPrompt[]): Map<string, number> {
  const found = outOfFoldAdvantages(prompts, SEED);
  const order = prompts.map((_, index) => index).sort((a, b) => found[a]! - found[b]! || a - b);
  return new Map(order.map((index, rank) => [prompts[index]!.text, rank / prompts.length]));
}

async function comparePolicy(bench: Bench, name: string, policy: BenchPolicy, off: readonly PlayedCall[]): Promise<Map<string, Compared>> {
  const { calls, complexityOf, say } = bench;
  say(`controls: ${name}`);
  const on = await playCalls({ calls, levers: leversOf(policy), complexityOf, holdoutShare: MOST_HOLDOUT_SHARE });
  const of = (isOf: (played: PlayedCall) => boolean) => compareCalls(off.filter(isOf), on.filter(isOf));
  const groups = new Map<string, Compared>([["all", of(() => true)]]);
  for (const useCase of USE_CASES)
    groups.set(
      useCase,
      of(({ call }) => call.useCase === useCase),
    );
  const treated = on.map(({ trace }) => trace.holdout !== true);
  const outside = compareCalls(
    off.filter((_, index) => treated[index]),
    on.filter((_, index) => treated[index]),
  );
  const { all: measured, perUseCase } = await savingsOf(on);
  const all = groups.get("all")!;
  bench.figures.push(...figuresOf(name, all, outside, measured));
  bench.notes.push(
    "",
    `${name}: levers at the values that these actions ask for, from the first call on; the controller's steps are left out:`,
  );
  bench.notes.push(...policyLines(policy), ...groupTable(groups), ...perUseCase.flatMap(savingLines), ...savingLines(measured));
  return groups;
}

function figuresOf(name: string, all: Compared, outside: Compared, { comparison }: UseCaseSaving): Figure[] {
  const figure = (what: string, unit: string, value: number, goal?: string): Figure => {
    return { benchmark: "controls", name: `${name}: ${what}`, unit, values: [value], ...(goal ? { goal } : {}) };
  };
  const figures = [
    figure("net UCR lower, same calls, holdout's cost in it", "%", all.saved.value, ">= 25"),
    figure("the same, outside the holdout", "%", outside.saved.value),
    figure("errors, more than without", "points of 100", 100 * (all.errorShare[1] - all.errorShare[0]), "<= 0"),
    figure("p95 latency, more than without", "ms", all.p95Ms[1] - all.p95Ms[0], "<= 0"),
    figure("quality without controls", "1 to 5", onScale(all.quality[0])),
    figure("quality with them", "1 to 5", onScale(all.quality[1])),
    figure("quality, change", "1 to 5", 4 * all.qualityChange.value, ">= 0, or 0 within its margin"),
    figure("quality, margin of the change (95 %)", "1 to 5", 4 * all.qualityChange.margin),
  ];
  if (comparison.outcome === "unknown") return figures;
  const { value, low, high } = comparison.savedPercent;
  return [
    ...figures,
    figure("as `report savings` measures it, 5 % holdout", "%", value, ">= 25"),
    figure("its 95 % interval, lower end", "%", low, "> 10"),
    figure("its 95 % interval, upper end", "%", high),
  ];
}

/** Each lever by itself, and all but it, over the first calls: what it brings, and what would be missing. */
async function partsOf(
  { calls, complexityOf, say, notes }: Bench,
  name: string,
  policy: BenchPolicy,
  off: readonly PlayedCall[],
): Promise<void> {
  const [some, before] = [calls.slice(0, CALLS_OF_PARTS), off.slice(0, CALLS_OF_PARTS)];
  const compared = async (counts: (lever: LeverId) => boolean) =>
    compareCalls(before, await playCalls({ calls: some, levers: leversOf(policy, counts), complexityOf }));
  say(`controls: ${name}, each lever`);
  const all = await compared(() => true);
  const rows = [
    ["lever", "alone: UCR", "quality", "left out: UCR", "quality"],
    ["all", ...partCells(all), "", ""],
  ];
  for (const lever of LEVERS) {
    if (!Object.values(leversOf(policy)).some((levers) => levers[lever] !== undefined)) continue;
    const [alone, without] = [await compared((each) => each === lever), await compared((each) => each !== lever)];
    rows.push([lever, ...partCells(alone), ...partCells(without)]);
  }
  notes.push(
    "",
    `${name}: each lever by itself and all but it, first ${some.length} calls, no holdout; percent of UCR, quality from 1 to 5:`,
  );
  notes.push(...textTable(rows));
}

function partCells({ saved, qualityChange }: Compared): string[] {
  return [`-${saved.value.toFixed(1)} %`, margined({ value: 4 * qualityChange.value, margin: 4 * qualityChange.margin }, 2)];
}

async function cacheLines({ complexityOf, say }: Bench, data: string, off: readonly PlayedCall[]): Promise<string[]> {
  const isHelp = ({ useCase }: BenchCall) => useCase === "help_desk";
  const before = off.filter(({ call }) => isHelp(call));
  const rows = [["level", "different questions", "cached", "another label's answer", "UCR of help_desk lower, %"]];
  for (const [level, questions] of CACHES) {
    say(`controls: cache, level ${level}, ${questions} questions`);
    const calls = controlsWorkload(data, SEED, questions)!.calls.filter(isHelp);
    const on = await playCalls({ calls, levers: { help_desk: { cache_aggressiveness: level } }, complexityOf });
    // The answers are of the same lengths whatever is asked; the questions themselves differ by less than a thousandth of the prompts.
    const { cached, saved } = compareCalls(before, on);
    const wrong = on.filter(({ quality }) => quality === 0).length / on.length;
    rows.push([
      String(level),
      String(questions),
      ...[cached, wrong].map((share) => `${(100 * share).toFixed(1)} %`),
      saved.value.toFixed(1),
    ]);
  }
  return ["help_desk alone, the cache alone, no holdout:", ...textTable(rows)];
}
