import { compressText } from "../core/compression/compress-text.ts";
import { LEAST_CHARACTERS } from "../core/compression/compressed-turns.ts";
import { type PromptText, type PromptTurn, viewPrompt } from "../core/prompt/prompt-view.ts";
import type { CallDialect } from "../core/usage/usage.ts";
import { type ByteEdit, editBytes, findJsonPlace } from "../std/json-members.ts";

/** What is to become of a prompt. */
export interface PromptChange {
  /** Turns to be sent in their tighter form. */
  readonly compress: readonly number[];
  /** What is put after the user's last words. */
  readonly append: string | undefined;
}

export interface RewrittenPrompt {
  readonly bytes: Buffer;
  /** Whether a turn had a tighter form. */
  readonly compressed: boolean;
}

/** Changes the named turns and leaves every other byte of the body as it was. */
export function rewritePrompt(dialect: CallDialect, bytes: Buffer, { compress, append }: PromptChange): RewrittenPrompt {
  const turns = viewPrompt(dialect, JSON.parse(bytes.toString("utf8")) as Record<string, unknown>)?.turns ?? [];
  const edits: ByteEdit[] = [];
  let compressed = false;
  for (const turn of compress) {
    for (const text of turns[turn]?.texts ?? []) {
      const edit = text.text.length < LEAST_CHARACTERS ? undefined : compression(bytes, text);
      if (!edit) continue;
      edits.push(edit);
      compressed = true;
    }
  }
  const last = turns.at(-1);
  if (append !== undefined && last) putAfter(dialect, bytes, last, append, edits);
  return { bytes: editBytes(bytes, edits), compressed };
}

function compression(bytes: Buffer, { path, text }: PromptText): ByteEdit | undefined {
  const form = compressText(text);
  const place = form === text ? undefined : findJsonPlace(bytes, path);
  return place && { ...place, text: JSON.stringify(form) };
}

/** Of a text its own end, of a list of parts a part more: what a provider has in its cache stays the beginning of what it gets. */
function putAfter(dialect: CallDialect, bytes: Buffer, last: PromptTurn, append: string, edits: ByteEdit[]): void {
  const words = JSON.stringify(append);
  if (last.inParts) {
    const list = findJsonPlace(bytes, [...last.path, "content"])!;
    const type = dialect === "openai-responses" ? "input_text" : "text";
    // Parts are never empty here: a turn without any is not plain.
    edits.push({ start: list.end - 1, end: list.end - 1, text: `,{"type":"${type}","text":${JSON.stringify(append.trimStart())}}` });
    return;
  }
  const place = findJsonPlace(bytes, last.texts[0]!.path)!;
  const tighter = edits.findIndex(({ start }) => start === place.start);
  if (tighter >= 0) edits[tighter] = { ...place, text: edits[tighter]!.text.slice(0, -1) + words.slice(1) };
  else edits.push({ start: place.end - 1, end: place.end, text: words.slice(1) });
}
