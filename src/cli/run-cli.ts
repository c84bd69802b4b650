import { readFileSync } from "node:fs";
import { packageRoot } from "../std/package-root.ts";
import type { Command, Terminal } from "./command.ts";
import { COMMANDS } from "./command-list.ts";
import { failureReport } from "./failure-report.ts";
import { findCommand } from "./find-command.ts";
import { commandText, overviewText, usageOf } from "./help-text.ts";
import { parseOptions } from "./parse-options.ts";
import { printable } from "./print-table.ts";

/**
 * Runs the program: finds the command, runs it, and says what went wrong.
 * @param args without the paths of Node and of the program
 * @returns the exit code: 0 well, 1 a finding or a failure, 2 wrongly used
 */
export async function runCli(args: readonly string[], terminal: Terminal, commands: readonly Command[] = COMMANDS): Promise<number> {
  // Also when the arguments cannot be understood: who asks for JSON gets JSON.
  const json = args.includes("--json");
  try {
    if (args[0] === "--version") return print(terminal, json, version(), { version: version() });
    const asked = args[0] === "help" ? [...args.slice(1), "--help"] : args;
    const found = findCommand(asked, commands);
    if (found.kind === "overview") {
      const list = found.commands.map((command) => ({ command: usageOf(command), summary: command.summary }));
      return print(terminal, json, overviewText(found.commands), { commands: list });
    }
    const { command } = found;
    const context = parseOptions(command, found.rest, terminal);
    if (context.flag("help")) {
      const { summary, options } = command;
      return print(terminal, json, commandText(command), { command: usageOf(command), summary, options });
    }
    return await command.run(context);
  } catch (error) {
    const report = failureReport(error);
    if (json) terminal.out(JSON.stringify(report.json));
    else for (const line of report.lines.flatMap((text) => text.split("\n"))) terminal.err(printable(line));
    return report.exitCode;
  }
}

function print({ out }: Terminal, json: boolean, text: string, value: unknown): number {
  out(json ? JSON.stringify(value) : text);
  return 0;
}

function version(): string {
  const manifest = readFileSync(new URL("package.json", packageRoot(import.meta.url)), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
