import { didYouMean } from "../../config/did-you-mean.ts";
import { readPolicyFile } from "../../config/read-policy-file.ts";
import { millionthsOf } from "../../config/text-formats.ts";
import { dryRun } from "../../core/policy/dry-run.ts";
import { SUBJECT_KINDS, type Subject, subjectKey } from "../../core/policy/policy.ts";
import { type SubjectControl, subjectControls } from "../../core/policy/subject-control.ts";
import { type Command, type CommandContext, SERVER_OPTIONS } from "../command.ts";
import { dryrunJson, dryrunLines } from "../policy/dryrun-lines.ts";
import { dryrunOnTrace, isOnTrace, TRACE_OPTIONS } from "../policy/dryrun-on-trace.ts";
import { printable } from "../print-table.ts";
import { UsageError } from "../usage-error.ts";

/** Any instant does: nothing in a dry run depends on the calendar. */
const START = Date.UTC(2026, 0, 1);

export const dryrunCommand: Command = {
  name: "dryrun",
  summary:
    "Plays a cap being used up through the engine in virtual time, on assumed signals or on calls that were made, and checks that everything comes back.",
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
    ...TRACE_OPTIONS,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const control = controlOf(context);
    if (isOnTrace(context)) return await dryrunOnTrace(context, control, burnOf(context));
    const result = dryRun(control, burnOf(context), START);
    const passed = result.checks.every((check) => check.passed);
    if (context.json) context.out(JSON.stringify({ subject: subjectKey(control.subject), passed, ...dryrunJson(result) }));
    else for (const line of dryrunLines(result, passed)) context.out(printable(line));
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
