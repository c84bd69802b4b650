import { createHash } from "node:crypto";
import { isFreeForm } from "../core/brevity/response-cap.ts";
import { compressibleTurns } from "../core/compression/compressed-turns.ts";
import { type PromptView, viewPrompt } from "../core/prompt/prompt-view.ts";
import { type PromptFacts, promptFacts } from "../core/routing/complexity.ts";
import type { CallDialect } from "../core/usage/usage.ts";

/** What levers need to know of a prompt. Plain data: a large body is read in a worker. */
export interface PromptReading {
  readonly facts: PromptFacts;
  readonly isFreeForm: boolean;
  /** The turns that may be sent in a tighter form, the oldest first, each with a digest of the conversation up to it. */
  readonly compressible: readonly { readonly turn: number; readonly isLast: boolean; readonly digest: string }[];
}

/** Reads a body a second time, for the calls that a lever may turn: `inspectBody` has accepted it. */
export function readPrompt(dialect: CallDialect, bytes: Buffer, wantsDigests: boolean): PromptReading | undefined {
  const body = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
  const view = viewPrompt(dialect, body);
  if (!view) return undefined;
  return { facts: promptFacts(view), isFreeForm: isFreeForm(view), compressible: wantsDigests ? digestsOf(view, body) : [] };
}

function digestsOf(view: PromptView, body: Record<string, unknown>): PromptReading["compressible"] {
  const turns = new Set(compressibleTurns(view));
  if (turns.size === 0) return [];
  const said = body.messages ?? body.input;
  const digest = createHash("sha256");
  return view.turns.flatMap((_, turn) => {
    digest.update(JSON.stringify(Array.isArray(said) ? said[turn] : said));
    if (!turns.has(turn)) return [];
    return [{ turn, isLast: turn === view.turns.length - 1, digest: digest.copy().digest("base64url") }];
  });
}
