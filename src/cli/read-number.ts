import type { CommandContext } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** An option's whole number, or undefined when it is not given. @throws UsageError */
export function wholeNumber(context: Pick<CommandContext, "text">, name: string, least: number, most: number): number | undefined {
  const text = context.text(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${name} ${text} is no whole number from ${least} to ${most}.`, `Write it as --${name} ${least}.`);
}

/** A number above zero, as a factor of speed. @throws UsageError */
export function factor(context: Pick<CommandContext, "text">, name: string): number | undefined {
  const text = context.text(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  throw new UsageError(`--${name} ${text} is no number above zero.`, `Write it as --${name} 10.`);
}

/** An option that is one of a few words. @throws UsageError */
export function oneOf<Word extends string>(context: Pick<CommandContext, "text">, name: string, words: readonly Word[]): Word | undefined {
  const text = context.text(name);
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new UsageError(`--${name} ${text} is not known.`, `It is one of ${words.join(", ")}.`);
}
