import { MOST_HOLDOUT_SHARE } from "../src/core/levers/holdout.ts";
import type { LeverId } from "../src/core/levers/lever-list.ts";
import type { ComplexityScore } from "../src/core/routing/complexity.ts";
import type { UseCaseSaving } from "../src/core/savings/use-case-saving.ts";
import type { BenchSetting } from "./bench-setting.ts";
import { type Compared, compareCalls, type Uncertain } from "./controls-compared.ts";
import { savingsOf } from "./controls-measured.ts";
import { type BenchPolicy, KEEPING_POLICY, leversOf, PRINTED_POLICY, policyLines } from "./controls-policy.ts";
import { LARGE, type PlayedCall, playCalls, SMALL } from "./controls-run.ts";
import { ASSUMPTIONS, type BenchCall, controlsWorkload, USE_CASES, WORKLOAD_SOURCE } from "./controls-workload.ts";
import { outOfFoldAdvantages } from "./cross-validate.ts";
import type { Figure, Outcome } from "./figure.ts";
import type { RecordedPrompt } from "./judged-prompts.ts";

const SEED = 1;
/** Of the runs with single levers: there are many. */
const CALLS_OF_PARTS = 3000;
const LEVERS: readonly LeverId[] = ["cache_aggressiveness", "small_model_share", "prompt_compression", "response_cap_tokens"];
const SHARES = [0.05, 0.1, 0.25, 0.5, 0.65];

/** What levers save on a recorded trace, and whether answers stay as good: the same calls with controls and without, through the gateway. */
export async function controlsBench({ data, say }: BenchSetting): Promise<Outcome> {
  const workload = controlsWorkload(data, SEED, Number.POSITIVE_INFINITY);
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
  await comparePolicy(bench, "as printed", PRINTED_POLICY, off);
  await partsOf(bench, "as printed", PRINTED_POLICY, off);
  bench.notes.push("", ...shareLines(prompts, complexity));
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
  notes.push(...table(rows));
}

function partCells({ saved, qualityChange }: Compared): string[] {
  return [`-${saved.value.toFixed(1)} %`, margined({ value: 4 * qualityChange.value, margin: 4 * qualityChange.margin }, 2)];
}

function groupTable(groups: ReadonlyMap<string, Compared>): string[] {
  const rows = [...groups].map(
    ([name, { calls, usdPerCall, saved, cached, small, cut, quality, qualityChange, judged, errorShare, p95Ms }]) => {
      const scaled = { value: 4 * qualityChange.value, margin: 4 * qualityChange.margin };
      const change = judged === 0 ? ["", "", ""] : [...quality.map((each) => onScale(each).toFixed(3)), margined(scaled, 3)];
      return [
        ...[name, String(calls), ...usdPerCall.map((usd) => usd.toFixed(6)), margined(saved, 1)],
        ...[cached, small, cut].map((share) => `${(100 * share).toFixed(1)} %`),
        ...change,
        `${errorShare.map((share) => (100 * share).toFixed(1)).join(" / ")}`,
        p95Ms.map((ms) => ms.toFixed(0)).join(" / "),
      ];
    },
  );
  const head = ["use case", "calls", "USD/call off", "on", "UCR lower, %", "cached", "small", "cut", "quality off", "on", "change"];
  return table([[...head, "errors %", "p95 ms"], ...rows]);
}

function savingLines({ useCase, comparison, holdout, levers }: UseCaseSaving): string[] {
  if (comparison.outcome === "unknown")
    return [
      `report savings, ${useCase}: unknown: ${comparison.reason} (${comparison.holdoutCalls} in the holdout, ${comparison.neededHoldoutCalls} needed)`,
    ];
  const parts = levers.map((part) => {
    if (part.outcome === "unknown") return `${part.lever} unknown`;
    const { value, low, high } = part.savedPercent;
    return `${part.lever} ${value.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
  });
  const { value, low, high } = comparison.savedPercent;
  const whole = `${value.toFixed(1)} % (${low.toFixed(1)} to ${high.toFixed(1)})`;
  return [`report savings, ${useCase}: ${whole} against ${holdout.calls} held out; of it ${parts.join(", ")}`];
}

/** The mix decides the whole: from which share of help_desk calls on would it be 25 %, with the others as they are? */
function mixLines(groups: ReadonlyMap<string, Compared>): string[] {
  const [help, others] = [groups.get("help_desk")!, ["exams", "minutes"].map((name) => groups.get(name)!)];
  const [cost, saved] = [0, 1].map((at) => {
    const of = ({ usdPerCall }: Compared) => (at === 0 ? usdPerCall[0] : usdPerCall[0] - usdPerCall[1]);
    return { help: of(help), other: others.reduce((sum, each) => sum + of(each), 0) / others.length };
  }) as [{ help: number; other: number }, { help: number; other: number }];
  const needed = (0.25 * cost.other - saved.other) / (saved.help - saved.other - 0.25 * (cost.help - cost.other));
  return [`With ${(100 * needed).toFixed(0)} % of the calls to help_desk, and the rest half and half, it would be 25 %.`];
}

/** What the recorded answers say of routing alone, over all questions. */
function shareLines(prompts: readonly RecordedPrompt[], complexity: ReadonlyMap<string, number>): string[] {
  const rows = SHARES.map((share) => {
    const moved = prompts.filter(({ text }) => complexity.get(text)! < share);
    const changes = moved.map(({ weakIsRight, strongIsRight }) => Number(weakIsRight) - Number(strongIsRight));
    const sum = changes.reduce<number>((all, each) => all + each, 0);
    const margin = 1.96 * Math.sqrt(changes.reduce<number>((all, each) => all + each * each, 0));
    const scaled = { value: (4 * sum) / prompts.length, margin: (4 * margin) / prompts.length };
    const right = prompts.filter(({ strongIsRight }) => strongIsRight).length + sum;
    return [`${(100 * share).toFixed(0)} %`, onScale(right / prompts.length).toFixed(3), margined(scaled, 3)];
  });
  return [
    `Routing of exams alone, all ${prompts.length} recorded questions:`,
    ...table([["to the small model", "quality", "change"], ...rows]),
  ];
}

function onScale(part: number): number {
  return 1 + 4 * part;
}

function margined({ value, margin }: Uncertain, digits: number): string {
  return `${value.toFixed(digits)} ± ${margin.toFixed(digits)}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "));
}
