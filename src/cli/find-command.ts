import { nearestWord } from "../std/nearest-word.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage-error.ts";

export type FoundCommand =
  | { readonly kind: "command"; readonly command: Command; readonly rest: readonly string[] }
  /** A first word that needs a second, such as "key", asked for help; or no word at all. */
  | { readonly kind: "overview"; readonly commands: readonly Command[] };

/**
 * Splits the arguments into the command and what is for it.
 * @throws UsageError when the words name no command
 */
export function findCommand(args: readonly string[], commands: readonly Command[]): FoundCommand {
  // `ballast --json key list` means the same as `ballast key list --json`.
  const first = args.findIndex((arg) => !arg.startsWith("-"));
  const leading = first < 0 ? args : args.slice(0, first);
  const stranger = leading.find((arg) => !["--json", "--help", "-h"].includes(arg));
  if (stranger !== undefined) {
    throw new UsageError(`${stranger} stands before the command.`, "Write the command first: ballast <command> [options].");
  }
  if (first < 0) return { kind: "overview", commands };
  const [word = "", second = ""] = args.slice(first);
  // `controls` is a command, and so is `controls stop`.
  const double = commands.find(({ name }) => name === `${word} ${second}`);
  if (double) return { kind: "command", command: double, rest: [...leading, ...args.slice(first + 2)] };
  const exact = commands.find(({ name }) => name === word);
  if (exact) return { kind: "command", command: exact, rest: [...leading, ...args.slice(first + 1)] };
  return { kind: "overview", commands: groupOf(word, second, args, commands) };
}

/** The commands that begin with the word, for an overview of them. */
function groupOf(word: string, second: string, args: readonly string[], commands: readonly Command[]): readonly Command[] {
  const group = commands.filter(({ name }) => name.startsWith(`${word} `));
  const wantsHelp = args.includes("--help") || args.includes("-h");
  if (group.length === 0) {
    const near = nearestWord(word, [...new Set(commands.map(({ name }) => name.split(" ")[0]!))]);
    throw new UsageError(`There is no command ${word}.`, near ? `Did you mean ballast ${near}?` : "ballast --help lists the commands.");
  }
  if (wantsHelp) return group;
  const seconds = group.map(({ name }) => name.split(" ")[1]!);
  const missing = second === "" || second.startsWith("-");
  const near = missing ? undefined : nearestWord(second, seconds);
  const message = missing ? `ballast ${word} needs one more word: ${seconds.join(", ")}.` : `There is no command ${word} ${second}.`;
  throw new UsageError(message, near ? `Did you mean ballast ${word} ${near}?` : `It is one of ${seconds.join(", ")}.`);
}
