import { type Command, type CommandOption, GLOBAL_OPTIONS } from "./command.ts";

/** What `ballast --help` and `ballast key --help` print. */
export function overviewText(commands: readonly Command[]): string {
  const lines = commands.map((command) => [usageOf(command), command.summary] as const);
  return [
    "Ballast: hard budgets in front of every model call, every cent accounted for.",
    "",
    "Usage: ballast <command> [options]",
    "",
    ...columns(lines),
    "",
    ...columns(GLOBAL_OPTIONS.map(optionLine)),
    "",
    "Exit codes: 0 well, 1 a finding or a failure, 2 wrongly used. ballast <command> --help says more.",
  ].join("\n");
}

/** What `ballast <command> --help` prints. */
export function commandText(command: Command): string {
  const options = [...command.options, ...GLOBAL_OPTIONS];
  return [`Usage: ballast ${usageOf(command)} [options]`, "", command.summary, "", ...columns(options.map(optionLine))].join("\n");
}

export function usageOf({ name, usage }: Command): string {
  return usage === "" ? name : `${name} ${usage}`;
}

/** `-c, --config <file>` */
export function optionUsage({ name, short, type, value }: CommandOption): string {
  return `${short ? `-${short}, ` : ""}--${name}${type === "string" ? ` <${value ?? name}>` : ""}`;
}

/** The description with what else is to be known: required, repeatable, default. */
export function optionMeaning(option: CommandOption): string {
  const notes = [
    ...(option.required ? ["required"] : []),
    ...(option.multiple ? ["may be repeated"] : []),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
  ];
  return notes.length === 0 ? option.description : `${option.description} (${notes.join(", ")})`;
}

function optionLine(option: CommandOption): readonly [string, string] {
  return [optionUsage(option), optionMeaning(option)];
}

function columns(lines: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
