import type { Action, ActionForm, ActionKind } from "./action.ts";
import { ACTION_WORDS, ACTIONS } from "./action-list.ts";

export type ActionReading =
  | { readonly outcome: "read"; readonly actions: readonly Action[] }
  /** A word that is not known, for the caller to say which known one is near. */
  | { readonly outcome: "unknown"; readonly word: string; readonly known: readonly string[] }
  | { readonly outcome: "wrong"; readonly message: string };

const FORMS: ReadonlyMap<string, { readonly kind: ActionKind; readonly form: ActionForm }> = new Map(
  ACTIONS.flatMap((kind) => kind.forms.map((form) => [form.word, { kind, form }] as const)),
);

/** Reads one action, such as `route_small_model>=65%`. */
export function readAction(text: string): ActionReading {
  const word = /^[\p{L}\p{N}_-]*/u.exec(text)![0];
  const known = FORMS.get(word);
  if (!known) return { outcome: "unknown", word: word === "" ? text : word, known: ACTION_WORDS };
  const { kind, form } = known;
  const match = new RegExp(`^${form.rest}$`, "u").exec(text.slice(word.length));
  if (!match)
    return { outcome: "wrong", message: `expected it to be written as \`${form.usage}\`, found ${JSON.stringify(text.slice(0, 80))}` };
  const actions = kind.read(match[1] ?? "");
  if (actions) return { outcome: "read", actions };
  return { outcome: "wrong", message: `expected ${kind.expected ?? "another value"} after ${word}, found ${match[1] ?? "nothing"}` };
}

/** One action of a list in one text, and where in the text it begins. */
export interface WrittenAction {
  readonly text: string;
  readonly at: number;
}

/** "notify:#finops, degrade_to_small" as its actions; a comma within brackets belongs to the action. */
export function splitActions(text: string): WrittenAction[] {
  const parts: WrittenAction[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at <= text.length; at++) {
    const letter = text[at];
    if (letter === "[" || letter === "(") depth += 1;
    if (letter === "]" || letter === ")") depth -= 1;
    if (letter !== undefined && (letter !== "," || depth > 0)) continue;
    const part = text.slice(start, at);
    parts.push({ text: part.trim(), at: start + part.length - part.trimStart().length });
    start = at + 1;
  }
  return parts;
}
