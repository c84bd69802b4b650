import type { UseCaseSaving } from "../src/core/savings/use-case-saving.ts";
import type { Compared, Uncertain } from "./controls-compared.ts";
import type { RecordedPrompt } from "./judged-prompts.ts";

/* How the benchmark of the controls words what it found. */

const SHARES = [0.05, 0.1, 0.25, 0.5, 0.65];

export function groupTable(groups: ReadonlyMap<string, Compared>): string[] {
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
  return textTable([[...head, "errors %", "p95 ms"], ...rows]);
}

export function savingLines({ useCase, comparison, holdout, levers }: UseCaseSaving): string[] {
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
export function mixLines(groups: ReadonlyMap<string, Compared>): string[] {
  const [help, others] = [groups.get("help_desk")!, ["exams", "minutes"].map((name) => groups.get(name)!)];
  const [cost, saved] = [0, 1].map((at) => {
    const of = ({ usdPerCall }: Compared) => (at === 0 ? usdPerCall[0] : usdPerCall[0] - usdPerCall[1]);
    return { help: of(help), other: others.reduce((sum, each) => sum + of(each), 0) / others.length };
  }) as [{ help: number; other: number }, { help: number; other: number }];
  const needed = (0.25 * cost.other - saved.other) / (saved.help - saved.other - 0.25 * (cost.help - cost.other));
  return [`With ${(100 * needed).toFixed(0)} % of the calls to help_desk, and the rest half and half, it would be 25 %.`];
}

/** What the recorded answers say of routing alone, over all questions. */
export function shareLines(prompts: readonly RecordedPrompt[], complexity: ReadonlyMap<string, number>): string[] {
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
    ...textTable([["to the small model", "quality", "change"], ...rows]),
  ];
}

export function onScale(part: number): number {
  return 1 + 4 * part;
}

export function margined({ value, margin }: Uncertain, digits: number): string {
  return `${value.toFixed(digits)} ± ${margin.toFixed(digits)}`;
}

export function textTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "));
}
