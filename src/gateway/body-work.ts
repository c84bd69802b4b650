import type { CallDialect } from "../core/usage/usage.ts";
import { inspectBody } from "./inspect-body.ts";
import { readPrompt } from "./read-prompt.ts";
import { type PromptChange, rewritePrompt } from "./rewrite-prompt.ts";

/** What is done with a body: a large one away from the event loop. */
const WORKS = {
  inspect: (dialect: CallDialect, bytes: Buffer) => inspectBody(dialect, bytes),
  read: (dialect: CallDialect, bytes: Buffer, wantsDigests: boolean) => readPrompt(dialect, bytes, wantsDigests),
  rewrite: (dialect: CallDialect, bytes: Buffer, change: PromptChange) => rewritePrompt(dialect, bytes, change),
} as const;

export type BodyWork = keyof typeof WORKS;
export type WorkInput<Work extends BodyWork> =
  Parameters<(typeof WORKS)[Work]> extends [CallDialect, Buffer, ...infer Input] ? Input : never;
export type WorkResult<Work extends BodyWork> = ReturnType<(typeof WORKS)[Work]>;

/** Does one of them, wherever it is called. */
export function workOn<Work extends BodyWork>(
  work: Work,
  dialect: CallDialect,
  bytes: Buffer,
  ...input: WorkInput<Work>
): WorkResult<Work> {
  return (WORKS[work] as (...all: unknown[]) => WorkResult<Work>)(dialect, bytes, ...input);
}
