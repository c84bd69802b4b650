import type { Scenario } from "../../core/scenario/evaluate-scenario.ts";
import { compare, decimalText, minus, over, parseRational, type Rational, sumOf, times, ZERO } from "../../core/scenario/rational.ts";
import type { ScenarioReport } from "../../core/scenario/run-scenarios.ts";
import type { ScenarioPlan } from "../../core/scenario/scenario-plan.ts";
import { tryWhatIf, type WhatIf } from "../../core/scenario/what-if.ts";
import type { CommandContext, CommandOption } from "../command.ts";
import { UsageError } from "../usage-error.ts";

export const WHAT_IF_OPTIONS: readonly CommandOption[] = [
  { name: "volume", type: "string", value: "factor", description: "What if there were this many times the requests, such as 2" },
  {
    name: "move",
    type: "string",
    value: "share:model",
    description: "What if this share of the requests went to that model instead, such as 20%:small",
  },
];

export interface TriedPlan {
  readonly plan: ScenarioPlan;
  /** "2 times the volume, moved 20%:small"; undefined when nothing is tried. */
  readonly words: string | undefined;
  /** Each scenario by its name, and what it is called with the change; those that cannot change have none. */
  readonly pairs: readonly { readonly before: string; readonly after: string | undefined }[];
}

/**
 * Every scenario beside itself with the change that --volume and --move ask for. One that cannot give that much, as it is all on that
 * model, stands as it is; when none can, the command is refused.
 */
export function withWhatIf(plan: ScenarioPlan, context: CommandContext): TriedPlan {
  const change: WhatIf = { volume: numberOf(context, "volume"), move: moveOf(context) };
  if (!change.volume && !change.move) return { plan, words: undefined, pairs: [] };
  const [volume, move] = [context.text("volume"), context.text("move")];
  const words = [volume && `${volume} times the volume`, move && `moved ${move}`].filter((word) => word).join(", ");
  const pairs: { before: string; after: string | undefined }[] = [];
  const scenarios = plan.scenarios.flatMap((scenario) => {
    const tried = tryWhatIf(scenario, forModelsOf(scenario, change), `${scenario.name}, ${words}`);
    if (tried === "no_such_model") {
      const hint = `There are ${scenario.models.join(", ")}; with --from-traffic also what the price book has as provider/model.`;
      throw new UsageError(`${scenario.name} has no model ${change.move?.to}.`, hint);
    }
    const isTried = tried !== "share_too_large";
    pairs.push({ before: scenario.name, after: isTried ? tried.name : undefined });
    return isTried ? [scenario, tried] : [scenario];
  });
  if (scenarios.length === plan.scenarios.length) {
    throw new UsageError(`--move ${move} leaves the others less than nothing.`, "Move less.");
  }
  return { plan: { ...plan, scenarios: scenarios as unknown as ScenarioPlan["scenarios"] }, words, pairs };
}

/** All scenarios together before and after: the one figure that was asked for. Amounts are of a month, rounded up to a nano-dollar. */
export interface WhatIfSum {
  readonly what_if: string;
  readonly run_rate_usd: string;
  readonly changed_run_rate_usd: string;
  readonly difference_usd: string;
  /** Of the run-rate before, rounded to a tenth; null where there was none. */
  readonly difference_percent: string | null;
  /** Scenarios that have not that much to give, and count as they are. */
  readonly unchanged: readonly string[];
}

export function whatIfSum({ results }: ScenarioReport, { words, pairs }: TriedPlan): WhatIfSum | undefined {
  if (words === undefined) return undefined;
  const rates = new Map(results.map(({ scenario, cost }) => [scenario.name, cost.runRate]));
  const sum = (names: readonly string[]) => sumOf(names.map((name) => rates.get(name) ?? ZERO));
  const before = sum(pairs.map((pair) => pair.before));
  const after = sum(pairs.map((pair) => pair.after ?? pair.before));
  const difference = minus(after, before);
  const percent = before.top === 0n ? null : over(times(difference, { top: 100n, bottom: 1n }), before);
  return {
    what_if: words,
    run_rate_usd: decimalText(before, 9, "up"),
    changed_run_rate_usd: decimalText(after, 9, "up"),
    difference_usd: decimalText(difference, 9, "nearest"),
    difference_percent: percent && decimalText(percent, 1, "nearest"),
    unchanged: pairs.filter((pair) => pair.after === undefined).map((pair) => pair.before),
  };
}

/** The answer first, for somebody who has asked one question. */
export function whatIfLine(sum: WhatIfSum): string {
  const { what_if, run_rate_usd, changed_run_rate_usd, difference_usd, difference_percent, unchanged } = sum;
  const sign = difference_usd.startsWith("-") ? "" : "+";
  const percent = difference_percent === null ? "" : `, ${sign}${difference_percent}%`;
  const rest = unchanged.length === 0 ? "" : ` ${unchanged.join(", ")}: not that much to give, counted unchanged.`;
  return `${what_if}: ${changed_run_rate_usd} USD a month in place of ${run_rate_usd} (${sign}${difference_usd}${percent}).${rest}`;
}

/** The change with the model by the name that it has in this scenario. */
function forModelsOf(scenario: Scenario, change: WhatIf): WhatIf {
  const { move } = change;
  const name = move && scenario.models.find((model) => namesOf(model).includes(move.to));
  return move && name !== undefined ? { ...change, move: { ...move, to: name } } : change;
}

/** "openai/gpt-4o (ops)", as a measured model is called, "openai/gpt-4o" and "gpt-4o". */
function namesOf(model: string): string[] {
  const bare = model.replace(/ \([^)]*\)$/, "");
  return [model, bare, bare.replace(/^[^/]*\//, "")];
}

/** @throws UsageError */
export function moveOf(context: Pick<CommandContext, "text">): WhatIf["move"] {
  const text = context.text("move");
  if (text === undefined) return undefined;
  const at = text.indexOf(":");
  const share = at > 0 ? parseRational(text.slice(0, at)) : undefined;
  if (share && compare(share, ZERO) > 0) return { share, to: text.slice(at + 1) };
  throw new UsageError(`--move ${text} is no share and model.`, "Write it as --move 20%:small.");
}

function numberOf(context: CommandContext, name: string): Rational | undefined {
  const text = context.text(name);
  if (text === undefined) return undefined;
  const number = parseRational(text);
  if (number && number.top > 0n) return number;
  throw new UsageError(`--${name} ${text} is no number above zero.`, `Write it as --${name} 2.`);
}
