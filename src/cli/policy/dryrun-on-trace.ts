import type { Static } from "typebox";
import type { tracesAnswer } from "../../contract/costs-contract.ts";
import { formatDecimal, formatUsdShort, type Nano } from "../../core/money/usd.ts";
import { type Subject, subjectKey } from "../../core/policy/policy.ts";
import type { SubjectControl } from "../../core/policy/subject-control.ts";
import { type EffectTerms, effectTexts } from "../../core/replay/lever-effects.ts";
import { dryRunTrace, type TraceDryRun } from "../../core/replay/trace-dry-run.ts";
import { parseDuration } from "../../core/time/duration.ts";
import { clientFor } from "../api-client.ts";
import type { CommandContext, CommandOption } from "../command.ts";
import { printable } from "../print-table.ts";
import { UsageError } from "../usage-error.ts";
import { clockText, phaseJson, phaseLines } from "./dryrun-lines.ts";
import { readCallTrace, type TraceRow, traceRows } from "./read-call-trace.ts";
import { pricedTrace } from "./trace-prices.ts";

export const TRACE_OPTIONS: readonly CommandOption[] = [
  { name: "trace", type: "string", value: "file", description: "Calls to replay, CSV or JSON Lines, instead of assumed signals" },
  { name: "last", type: "string", value: "time", description: "Replay what a server traced in the last time, such as 24h or 7d" },
  {
    name: "as",
    type: "string",
    value: "model",
    default: "openai/gpt-4o",
    description: "The model of calls whose trace names none with a price",
  },
  { name: "small-model", type: "string", value: "model", default: "openai/gpt-4o-mini", description: "What calls are routed to" },
  {
    name: "cache-hit",
    type: "string",
    value: "percent",
    default: "5",
    description: "Calls that each level of the cache is taken to answer",
  },
  { name: "compressed-to", type: "string", value: "percent", default: "80", description: "What compression is taken to leave of a prompt" },
  { name: "batch-price", type: "string", value: "percent", default: "50", description: "What a batch is taken to cost of the price" },
];

export function isOnTrace(context: CommandContext): boolean {
  return context.text("trace") !== undefined || context.text("last") !== undefined;
}

/** Replays calls that were made. @param share of the cap at the end, in millionths @returns the exit code */
export async function dryrunOnTrace(context: CommandContext, control: SubjectControl, share: bigint): Promise<number> {
  const rows = await rowsOf(context, control.subject);
  const { calls, terms, basis } = pricedTrace(rows, context);
  const result = dryRunTrace(control, calls, terms, share);
  const passed = result.checks.every((check) => check.passed);
  if (context.json) context.out(JSON.stringify({ subject: subjectKey(control.subject), passed, basis, ...traceJson(result, terms) }));
  else for (const line of traceLines(result, basis, terms, passed)) context.out(printable(line));
  return passed ? 0 : 1;
}

async function rowsOf(context: CommandContext, subject: Subject): Promise<TraceRow[]> {
  const [file, last] = [context.text("trace"), context.text("last")];
  if (file !== undefined && last !== undefined) throw new UsageError("Only one of --trace and --last can be replayed.", "Leave one out.");
  const rows = file === undefined ? await measuredRows(context, subject, last!) : readCallTrace(file);
  // A trace that names no use case, provider or model is taken to be of the subject.
  const mine = rows.filter((row) => [undefined, subject.name].includes(nameOf(row, subject.kind)));
  if (mine.length > 0) return mine;
  const what = rows.length === 0 ? "has no calls" : `has no call of ${subject.kind.replace("_", " ")} ${subject.name}`;
  throw new UsageError(`${file ?? `The last ${last}`} ${what}.`, "Replay a trace that has some.");
}

function nameOf({ useCase, provider, model }: TraceRow, kind: Subject["kind"]): string | undefined {
  return kind === "use_case" ? useCase : kind === "provider" ? provider : model;
}

/** As many as one answer may hold. */
const PAGE = 1000;
const MOST_CALLS = 200_000;

/** Page by page from the newest back, since the API tells the newest first. */
async function measuredRows(context: CommandContext, subject: Subject, last: string): Promise<TraceRow[]> {
  const ms = parseDuration(last);
  if (ms === undefined || ms === 0) throw new UsageError(`--last ${last} is no time.`, "Write it as --last 24h or --last 7d.");
  const client = clientFor(context);
  const end = Date.now() + 1;
  const from = new Date(end - ms).toISOString();
  const known = new Map<string, object>();
  for (let to = new Date(end).toISOString(); known.size < MOST_CALLS; ) {
    const query = { from, to, [subject.kind]: subject.name, limit: String(PAGE) };
    const { traces } = await client.get<Static<typeof tracesAnswer>>("/api/v1/traces", query);
    const before = known.size;
    for (const trace of traces) known.set(`${trace.trace_id} ${trace.ts}`, trace);
    const oldest = traces.at(-1);
    if (!oldest || traces.length < PAGE || known.size === before) break;
    // The page's oldest instant may have more calls than the page told.
    to = new Date(Date.parse(oldest.ts) + 1).toISOString();
  }
  const text = [...known.values()].map((trace) => JSON.stringify(trace)).join("\n");
  return text === "" ? [] : traceRows(text, `the last ${last}`);
}

const percentText = (millionths: bigint) => `${formatDecimal(millionths / 100n, 2)} %`;

function traceLines(result: TraceDryRun, basis: string, terms: EffectTerms, passed: boolean): string[] {
  const { assumed, share, beforeNano, afterNano, savings, turnedAway } = result;
  const acted = new Set(savings.map(({ lever }) => lever));
  return [
    `${result.calls} calls over ${clockText(result.spanMs)} (minutes:seconds), as the month of the cap. ${basis}`,
    ...assumed.map(({ guardrail, holding }) => `Assumed, as the trace does not say: ${guardrail} ${holding} for every call.`),
    ...effectTexts(terms).flatMap(([lever, text]) => (acted.has(lever) ? [`Assumed of ${lever}: ${text}.`] : [])),
    ...result.phases.flatMap(phaseLines),
    ...result.heldBack.map((text) => `Asked for and never done: ${text}.`),
    "",
    `Without levers the trace costs ${formatUsdShort(beforeNano)}, which stands for ${percentText(share.without)} of the cap; with them ${formatUsdShort(afterNano)}, ${percentText(share.with)}.`,
    ...savings.map(
      ({ lever, nano, calls }) => `  ${lever}: ${formatUsdShort(nano)} less (${partText(nano, beforeNano)}), on ${calls} calls`,
    ),
    ...(turnedAway > 0 ? [`  ${turnedAway} calls were turned away.`] : []),
    "",
    ...result.notPlayed.map((text) => `not played  ${text}`),
    ...result.checks.map((check) => `${check.passed ? "ok    " : "FAILED"}  ${check.name} (${check.detail})`),
    passed ? "Everything that was turned came back." : "Not all checks passed.",
  ];
}

function partText(nano: Nano, of: Nano): string {
  return of === 0n ? "0 %" : percentText((nano * 1_000_000n) / of);
}

function traceJson(result: TraceDryRun, terms: EffectTerms): object {
  const usdText = (nano: Nano) => formatDecimal(nano, 9);
  const acted = new Set(result.savings.map(({ lever }) => lever));
  return {
    calls: result.calls,
    span_ms: result.spanMs,
    assumed: [
      ...result.assumed.map(({ guardrail, holding }) => ({ what: guardrail, text: `${holding} for every call` })),
      ...effectTexts(terms).flatMap(([what, text]) => (acted.has(what) ? [{ what, text }] : [])),
    ],
    cost_usd: { without: usdText(result.beforeNano), with: usdText(result.afterNano) },
    share_of_cap: { without: formatDecimal(result.share.without, 6), with: formatDecimal(result.share.with, 6) },
    savings: result.savings.map(({ lever, nano, calls }) => ({ lever, usd: usdText(nano), calls })),
    turned_away: result.turnedAway,
    held_back: result.heldBack,
    phases: result.phases.map(phaseJson),
    not_played: result.notPlayed,
    checks: result.checks,
  };
}
