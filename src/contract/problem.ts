import { PROBLEMS, type ProblemCode } from "./problem-list.ts";

/** What the world broke: a code of the one registry, what it is about, and the cause. Never carries a secret. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, details: Readonly<Record<string, unknown>> = {}, options?: { cause?: unknown; message?: string }) {
    super(options?.message ?? PROBLEMS[code].title, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** What the reader can do now. */
  get remedy(): string {
    return PROBLEMS[this.code].remedy;
  }
}
