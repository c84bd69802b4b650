import { Worker } from "node:worker_threads";
import { Problem } from "../contract/problem.ts";
import { siblingModule } from "../std/sibling-module.ts";
import { type BodyWork, type WorkInput, type WorkResult, workOn } from "./body-work.ts";
import type { Dialect } from "./dialects/dialect.ts";
import type { BodyReading, BodySummary } from "./inspect-body.ts";
import type { InspectReply, InspectTask } from "./inspect-worker.ts";
import type { PromptReading } from "./read-prompt.ts";
import type { PromptChange, RewrittenPrompt } from "./rewrite-prompt.ts";

/** Above this a body is read in a worker thread: reading it here would hold up every other call. */
const INLINE_BYTES: Readonly<Record<BodyWork, number>> = {
  inspect: 128 * 1024,
  read: 128 * 1024,
  // The tighter form of a prompt takes some 0.2 ms per KiB.
  rewrite: 32 * 1024,
};

/** Reads and rewrites request bodies, the large ones away from the event loop. The worker starts with the first large body. */
export class BodyInspector {
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #worker: Worker | undefined;
  #lastId = 0;

  inspect(dialect: Dialect, bytes: Buffer): BodySummary | Promise<BodySummary> {
    const reading = this.#do("inspect", dialect, bytes);
    return reading instanceof Promise ? reading.then(summaryOf) : summaryOf(reading);
  }

  /** @param bytes a body that was inspected */
  readPrompt(dialect: Dialect, bytes: Buffer, wantsDigests: boolean): PromptReading | undefined | Promise<PromptReading | undefined> {
    return this.#do("read", dialect, bytes, wantsDigests);
  }

  async rewritePrompt(dialect: Dialect, bytes: Buffer, change: PromptChange): Promise<RewrittenPrompt> {
    const { bytes: rewritten, compressed } = await this.#do("rewrite", dialect, bytes, change);
    // From a worker bytes come as bytes only.
    return { bytes: Buffer.from(rewritten.buffer, rewritten.byteOffset, rewritten.byteLength), compressed };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #do<Work extends BodyWork>(
    work: Work,
    { usage }: Dialect,
    bytes: Buffer,
    ...input: WorkInput<Work>
  ): WorkResult<Work> | Promise<WorkResult<Work>> {
    if (bytes.length <= INLINE_BYTES[work]) return workOn(work, usage, bytes, ...input);
    const worker = this.#start();
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      worker.postMessage({ id, work, dialect: usage, bytes, input } satisfies InspectTask);
    });
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(siblingModule(import.meta.url, "./inspect-worker"));
    worker.unref();
    worker.on("message", ({ id, result }: InspectReply) => {
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    });
    const lost = (cause: unknown) => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(new Problem("internal", {}, { cause }));
      this.#waiting.clear();
    };
    worker.on("error", lost);
    worker.on("exit", () => lost(new Error("the body worker ended")));
    this.#worker = worker;
    return worker;
  }
}

function summaryOf(reading: BodyReading): BodySummary {
  if (reading.outcome === "rejected") throw new Problem(reading.code, reading.details);
  return reading.summary;
}
