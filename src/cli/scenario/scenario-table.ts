import type { ScenarioAnswer, ScenariosAnswer } from "../../contract/scenarios-contract.ts";
import { printable, printTable } from "../print-table.ts";

const COLUMNS = [
  { title: "scenario" },
  { title: "monthly volume", align: "right" },
  { title: "mix" },
  { title: "depth k", align: "right" },
  { title: "cache hit", align: "right" },
  { title: "p95 ms", align: "right" },
  { title: "ucr usd", align: "right" },
  { title: "run-rate usd", align: "right" },
] as const;

export function scenarioColumns(): readonly string[] {
  return COLUMNS.map(({ title }) => title);
}

/** One scenario as the columns of the economics document. */
export function scenarioCells(scenario: ScenarioAnswer): string[] {
  return [
    scenario.name,
    scenario.monthly_volume,
    Object.values(scenario.mix).map(percent).join("/") || "–",
    scenario.depth_k,
    percent(scenario.cache_hit),
    String(scenario.p95_latency_ms ?? "–"),
    scenario.ucr_usd,
    scenario.run_rate_usd,
  ];
}

export function scenarioTable(answer: ScenariosAnswer): string {
  const parts = [printTable(COLUMNS, answer.scenarios.map(scenarioCells))];
  for (const scenario of answer.scenarios) {
    if (scenario.monte_carlo) parts.push(drawnLine(scenario));
  }
  parts.push(...answer.break_even.map(breakEvenLine));
  for (const scenario of answer.scenarios) {
    const bars = scenario.sensitivity.slice(0, 5);
    if (bars.length === 0) continue;
    const columns = [
      { title: `${scenario.name}: what weighs most` },
      ...(["low", "high", "run-rate at low", "at high"] as const).map((title) => ({ title, align: "right" }) as const),
    ];
    parts.push(
      printTable(
        columns,
        bars.map((bar) => [bar.figure, bar.low, bar.high, bar.run_rate_low_usd, bar.run_rate_high_usd]),
      ),
    );
  }
  return parts.map((part) => part.split("\n").map(printable).join("\n")).join("\n\n");
}

export function drawnLine({ name, monte_carlo }: ScenarioAnswer): string {
  if (!monte_carlo) return "";
  const { draws, seed, run_rate_usd } = monte_carlo;
  return `${name}: 90 of 100 of ${draws} draws (seed ${seed}) lie between ${run_rate_usd.p5} and ${run_rate_usd.p95} USD a month, half of them below ${run_rate_usd.p50}.`;
}

export function breakEvenLine({
  between,
  over,
  outcome,
  at,
  run_rate_usd,
  cheaper_above,
  cheaper,
}: ScenariosAnswer["break_even"][number]): string {
  const options = between.join(" and ");
  if (outcome === "same") return `${options} cost the same at every ${over}.`;
  if (outcome === "never") return `${cheaper} is the cheaper of ${options} at every ${over}.`;
  return `${options} cost the same, ${run_rate_usd} USD a month, at ${over} ${at}; above it ${cheaper_above} is cheaper.`;
}

/** "0.55" as "55%": the point moves, no digit is lost. */
export function percent(share: string): string {
  const [whole = "0", fraction = ""] = share.split(".");
  const digits = `${whole}${fraction.padEnd(2, "0").slice(0, 2)}`.replace(/^0+(?=\d)/, "");
  const rest = fraction.slice(2);
  return `${digits}${rest === "" ? "" : `.${rest}`}%`;
}
