import { Worker } from "node:worker_threads";
import { Problem } from "../contract/problem.ts";
import { siblingModule } from "../std/sibling-module.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { type BodyReading, type BodySummary, inspectBody } from "./inspect-body.ts";
import type { InspectReply, InspectTask } from "./inspect-worker.ts";

/** Above this a body is read in a worker thread: reading it here would hold up every other call. */
const INLINE_BYTES = 128 * 1024;

/** Reads request bodies, the large ones away from the event loop. The worker starts with the first large body. */
export class BodyInspector {
  readonly #waiting = new Map<number, { resolve: (reading: BodyReading) => void; reject: (error: Error) => void }>();
  #worker: Worker | undefined;
  #lastId = 0;

  inspect(dialect: Dialect, bytes: Buffer): BodySummary | Promise<BodySummary> {
    if (bytes.length <= INLINE_BYTES) return summaryOf(inspectBody(dialect.usage, bytes));
    return this.#inWorker({ dialect: dialect.usage, bytes }).then(summaryOf);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #inWorker(task: Omit<InspectTask, "id">): Promise<BodyReading> {
    const worker = this.#start();
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...task });
    });
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(siblingModule(import.meta.url, "./inspect-worker"));
    worker.unref();
    worker.on("message", ({ id, reading }: InspectReply) => {
      this.#waiting.get(id)?.resolve(reading);
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
