import { SimRefusal } from "./sim-refusal.ts";

/** What `[[sim {...}]]` in a user's text may say about the answer. The table for users is docs/concepts/sim-provider.md. */
export interface SimDirective {
  /** Output tokens of each choice, reasoning included. */
  readonly out?: number;
  /** Prompt tokens, instead of the counted ones. */
  readonly in?: number;
  readonly cached?: number;
  readonly cache_write?: number;
  /** How many of the output tokens are reasoning: billed, not shown. */
  readonly reasoning?: number;
  readonly ttft_ms?: number;
  readonly tokens_per_s?: number;
  readonly status?: number;
  readonly retry_after?: number;
  readonly fail_times?: number;
  readonly id?: string;
  readonly drop_after?: number;
  readonly stall_after?: number;
  readonly error_after?: number;
  readonly hang?: boolean;
  readonly malformed?: boolean;
  readonly no_usage?: boolean;
  readonly text?: string;
  /** Answers with a call of this tool, even where tool_choice is auto. */
  readonly tool?: string;
  readonly usage?: Readonly<Record<string, unknown>>;
}

type Check = (value: unknown) => boolean;
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const amount: Check = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const truth: Check = (value) => typeof value === "boolean";
const words: Check = (value) => typeof value === "string";

const CHECKS: Readonly<Record<keyof SimDirective, Check>> = {
  out: whole,
  in: whole,
  cached: whole,
  cache_write: whole,
  reasoning: whole,
  ttft_ms: amount,
  tokens_per_s: amount,
  status: (value) => whole(value) && (value as number) >= 400 && (value as number) <= 599,
  retry_after: amount,
  fail_times: whole,
  id: words,
  drop_after: whole,
  stall_after: whole,
  error_after: whole,
  hang: truth,
  malformed: truth,
  no_usage: truth,
  text: words,
  tool: words,
  usage: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

const MARK = "[[sim";

export interface DirectedText {
  /** The text with a space in place of each directive, so that a directive is no token and joins no words. */
  readonly text: string;
  readonly directive: SimDirective | undefined;
}

/** @throws SimRefusal 400 where a directive cannot be read: a typing error should not look like a working test */
export function takeDirectives(text: string): DirectedText {
  let start = text.indexOf(MARK);
  if (start < 0) return { text, directive: undefined };
  let rest = "";
  let done = 0;
  let directive: SimDirective | undefined;
  while (start >= 0) {
    const open = text.indexOf("{", start);
    if (open >= 0 && text.slice(start + MARK.length, open).trim() === "") {
      const close = objectEnd(text, open);
      const end = /^\s*\]\]/.exec(text.slice(close, close + 100));
      if (!end) throw new SimRefusal(400, `The sim directive at character ${start} does not end in }]].`, { param: "sim" });
      directive = readDirective(text.slice(open, close));
      rest += `${text.slice(done, start)} `;
      done = close + end[0].length;
      start = text.indexOf(MARK, done);
    } else {
      start = text.indexOf(MARK, start + MARK.length);
    }
  }
  return { text: rest + text.slice(done), directive };
}

function readDirective(json: string): SimDirective {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new SimRefusal(400, `The sim directive is not JSON: ${(error as Error).message}`, { param: "sim" });
  }
  for (const [key, given] of Object.entries(value)) {
    if (!Object.hasOwn(CHECKS, key)) {
      throw new SimRefusal(400, `The sim directive has no ${key}; it has ${Object.keys(CHECKS).join(", ")}.`, { param: "sim" });
    }
    if (!CHECKS[key as keyof SimDirective](given)) {
      throw new SimRefusal(400, `The sim directive ${key} cannot be ${JSON.stringify(given)}.`, { param: "sim" });
    }
  }
  if (value.text !== undefined && value.out !== undefined) {
    throw new SimRefusal(400, "The sim directive has both out and text, but the words of text are the output tokens.", { param: "sim" });
  }
  if (value.fail_times !== undefined && value.id === undefined) {
    throw new SimRefusal(400, "The sim directive fail_times needs an id, to tell the attempts of one call from those of another.", {
      param: "sim",
    });
  }
  return value as SimDirective;
}

/** @returns just after the brace that closes the object, or the length of the text */
function objectEnd(text: string, open: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = open; at < text.length; at++) {
    const unit = text[at];
    if (quoted) {
      if (unit === "\\") at++;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') quoted = true;
    else if (unit === "{") depth++;
    else if (unit === "}" && --depth === 0) return at + 1;
  }
  return text.length;
}
