import type { LeverId } from "../levers/lever-list.ts";

/** What a threshold asks for, as a value. */
export type Action =
  | { readonly kind: "turn"; readonly lever: LeverId; readonly target: number }
  /** Levers whose targets follow from the forecast of each priority. */
  | { readonly kind: "protect_p0" }
  | { readonly kind: "notify"; readonly channel: string }
  | { readonly kind: "postmortem" };

/** One way to write an action: the word, and what follows it. */
export interface ActionForm {
  readonly word: string;
  /** Regular expression of what follows the word, with the value as its one group; "" for nothing. */
  readonly rest: string;
  /** How it is written, with a value. */
  readonly usage: string;
}

export interface ActionKind {
  readonly forms: readonly ActionForm[];
  /** One sentence, for the reference. */
  readonly meaning: string;
  /** Completes "expected …" where a value can be written that means nothing. */
  readonly expected?: string;
  /** @param value what the group of the form found, or "" @returns undefined when it means nothing */
  read(value: string): readonly Action[] | undefined;
}

/** " >= 65%" or ">=0.65": a share in percent. */
export const SHARE_REST = "\\s*>=\\s*(\\d{1,3}(?:\\.\\d{1,6})?%?)";

/** "65%" and "0.65" are 65; a share without its percent sign is a part of 1. Undefined when it is no share above 0. */
export function percentOf(text: string): number | undefined {
  // Moving the point by two keeps 0.29 from becoming 28.999999999999996.
  const percent = text.endsWith("%") ? Number(text.slice(0, -1)) : Number(`${text}e2`);
  return percent > 0 && percent <= 100 ? percent : undefined;
}

/** A whole number from `least` to `most`, or undefined. */
export function countOf(text: string, least: number, most: number): number | undefined {
  const count = Number(text);
  return Number.isInteger(count) && count >= least && count <= most ? count : undefined;
}

export function turn(lever: LeverId, target: number): Action {
  return { kind: "turn", lever, target };
}
