import { parseArgs } from "node:util";
import { nearestWord } from "../std/nearest-word.ts";
import { type Command, type CommandContext, type CommandOption, GLOBAL_OPTIONS, type Terminal } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Reads what follows the command's name.
 * @throws UsageError on an unknown option, a missing or unexpected value, and on words too many or too few
 */
export function parseOptions(command: Command, args: readonly string[], terminal: Terminal): CommandContext {
  const options = [...command.options, ...GLOBAL_OPTIONS];
  const hint = `ballast ${command.name} --help says what it takes.`;
  const config = Object.fromEntries(
    options.map(({ name, type, short }) => [name, { type, multiple: true, ...(short ? { short } : {}) }] as const),
  );
  // Not strict, so that what is wrong can be said in our words.
  const { tokens } = parseArgs({ args: [...args], options: config, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const option = options.find(({ name }) => name === token.name);
    if (!option) throw unknownOption(token.rawName, options, hint);
    given.set(option.name, [...(given.get(option.name) ?? []), optionValue(option, token, hint)]);
  }
  const context = contextOf(options, given, words, terminal);
  if (context.flag("help")) return context;
  for (const option of options) {
    if (option.required && context.text(option.name) === undefined) throw new UsageError(`--${option.name} is missing.`, hint);
    if (!option.multiple && (given.get(option.name)?.length ?? 0) > 1) throw new UsageError(`--${option.name} is given twice.`, hint);
  }
  checkWords(command, words, hint);
  return context;
}

function optionValue(
  option: CommandOption,
  token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
  hint: string,
): string {
  if (option.type === "boolean") {
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`, hint);
    return "true";
  }
  const optionLike = token.inlineValue !== true && token.value !== undefined && token.value.length > 1 && token.value.startsWith("-");
  if (token.value === undefined || optionLike) throw new UsageError(`${token.rawName} needs a value.`, hint);
  return token.value;
}

function unknownOption(rawName: string, options: readonly CommandOption[], hint: string): UsageError {
  const near = rawName.startsWith("--")
    ? nearestWord(
        rawName.slice(2),
        options.map(({ name }) => name),
      )
    : undefined;
  return new UsageError(`There is no option ${rawName} here.`, near ? `Did you mean --${near}?` : hint);
}

function checkWords(command: Command, words: readonly string[], hint: string): void {
  const places = command.usage.split(" ").filter((place) => place !== "");
  const missing = places.filter((place) => place.startsWith("<"))[words.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing.`, hint);
  const takesMore = places.at(-1)?.includes("...") ?? false;
  if (words.length > places.length && !takesMore) throw new UsageError(`"${words[places.length]}" is one word too many.`, hint);
}

function contextOf(
  options: readonly CommandOption[],
  given: ReadonlyMap<string, readonly string[]>,
  words: readonly string[],
  terminal: Terminal,
): CommandContext {
  return {
    ...terminal,
    words,
    json: given.has("json"),
    text: (name) => given.get(name)?.[0] ?? options.find((option) => option.name === name)?.default,
    flag: (name) => given.has(name),
    list: (name) => (given.get(name) ?? []).flatMap((value) => value.split(",")).filter((value) => value !== ""),
  };
}
