import { didYouMean } from "../../config/did-you-mean.ts";
import { readPolicyFile } from "../../config/read-policy-file.ts";
import { millionthsOf } from "../../config/text-formats.ts";
import { leverState } from "../../core/levers/lever-state.ts";
import { turnedLevers } from "../../core/policy/decide.ts";
import { decidedTexts } from "../../core/policy/decision-text.ts";
import { type DryRun, type DryRunPhase, dryRun } from "../../core/policy/dry-run.ts";
import { SUBJECT_KINDS, type Subject, subjectKey } from "../../core/policy/policy.ts";
import { type SubjectControl, subjectControls } from "../../core/policy/subject-control.ts";
import type { Command, CommandContext } from "../command.ts";
import { printable } from "../print-table.ts";
import { UsageError } from "../usage-error.ts";

/** Any instant does: nothing in a dry run depends on the calendar. */
const START = Date.UTC(2026, 0, 1);

export const dryrunCommand: Command = {
  name: "dryrun",
  summary: "Plays a cap being used up through the engine in virtual time, on assumed signals, and checks that everything comes back.",
  usage: "",
  options: [
    { name: "policy", type: "string", value: "file", required: true, description: "Policy file" },
    { name: "use-case", type: "string", value: "name", description: "The use case whose cap it is" },
    { name: "provider", type: "string", value: "name", description: "Or the provider" },
    { name: "model", type: "string", value: "name", description: "Or the model" },
    {
      name: "burn",
      type: "string",
      value: "share",
      default: "0.9",
      description: "How much of the cap is spent at last, such as 0.9 or 90%",
    },
  ],
  async run(context) {
    const control = controlOf(context);
    const result = dryRun(control, burnOf(context), START);
    const passed = result.checks.every((check) => check.passed);
    if (context.json) context.out(JSON.stringify({ subject: subjectKey(control.subject), passed, ...jsonOf(result) }));
    else for (const line of linesOf(result, passed)) context.out(printable(line));
    return passed ? 0 : 1;
  },
};

function controlOf(context: CommandContext): SubjectControl {
  const file = context.text("policy")!;
  const controls = subjectControls(readPolicyFile(file).policies);
  const named = SUBJECT_KINDS.flatMap((kind): Subject[] => {
    const name = context.text(kind.replace("_", "-"));
    return name === undefined ? [] : [{ kind, name }];
  });
  const [subject] = named;
  if (!subject || named.length > 1)
    throw new UsageError("One of --use-case, --provider and --model is needed.", "It says whose cap is used up.");
  const control = controls.get(subjectKey(subject));
  if (control) return control;
  const known = [...controls.values()].flatMap((one) => (one.subject.kind === subject.kind ? [one.subject.name] : []));
  throw new UsageError(
    `${file} has no ${subject.kind} ${subject.name}${didYouMean(subject.name, known)}.`,
    `It has ${known.join(", ") || "none"}.`,
  );
}

function burnOf(context: CommandContext): bigint {
  const text = context.text("burn")!;
  const share = /^\d{1,3}(\.\d{1,6})?%?$/.test(text) ? millionthsOf(text) : undefined;
  if (share !== undefined && share <= 10_000_000n) return share;
  throw new UsageError(`--burn ${text} is no share of the cap up to 10.`, "Write it as --burn 0.9 or --burn 90%.");
}

function linesOf({ assumed, exhaustionHours, phases, checks }: DryRun, passed: boolean): string[] {
  const signals = assumed.map(({ guardrail, holding, broken }) => `${guardrail} ${holding} (broken: ${broken})`);
  if (exhaustionHours !== undefined) signals.push(`exhaustion ${exhaustionHours} h`);
  return [
    `Assumed, not measured: ${signals.join(", ") || "no guardrail is in force"}; signals are fresh and show a break at once. Nothing is said of cost.`,
    ...phases.flatMap(phaseLines),
    "",
    ...checks.map((check) => `${check.passed ? "ok    " : "FAILED"}  ${check.name} (${check.detail})`),
    passed ? "Everything that was turned came back." : "Not all checks passed.",
  ];
}

function phaseLines(phase: DryRunPhase): string[] {
  const events = phase.events.flatMap(({ atMs, verdict }) => {
    const at = clockText(atMs).padStart(8);
    return decidedTexts(verdict).map((text, index) => `${index === 0 ? at : " ".repeat(8)}  ${text}`);
  });
  return ["", `${phase.name}:`, ...(events.length > 0 ? events : ["          nothing"])];
}

function jsonOf({ assumed, exhaustionHours, phases, checks }: DryRun): object {
  const each = phases.map(({ name, events, after }) => ({
    name,
    events: events.map(({ atMs, verdict }) => ({ at: clockText(atMs), decisions: decidedTexts(verdict) })),
    levers: Object.fromEntries(turnedLevers(after).map((id) => [id, leverState(after.levers, id).value])),
  }));
  return { assumed, exhaustion_hours: exhaustionHours ?? null, phases: each, checks };
}

/** Minutes and seconds since the phase began: 630000 is "10:30". */
function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
