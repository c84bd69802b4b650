import { Readable } from "node:stream";
import { Problem } from "../contract/problem.ts";
import { type LeverSubjects, type LeversInForce, NO_LEVERS } from "../core/levers/levers-in-force.ts";
import type { LeverBoard } from "../data/store/lever-board.ts";

const MOST_STREAMS = 10_000;
/** Proxies close what is silent; most wait a minute. */
const HEARTBEAT_MS = 20_000;
/** Who reads so slowly is let go, and asks again. */
const MOST_WAITING_BYTES = 16_384;
const CHANGED = `data: ${JSON.stringify({ type: "refetchEvaluation" })}\n\n`;

interface OpenStream {
  readonly subjects: LeverSubjects;
  readonly body: Readable;
  told: string;
}

/** Tells applications that hear of it, as server-sent events, that levers of theirs have changed. What changed they ask for. */
export class FlagStreams {
  readonly #levers: Pick<LeverBoard, "inForce">;
  readonly #open = new Set<OpenStream>();
  readonly #stopListening: () => void;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(levers: Pick<LeverBoard, "inForce" | "onChanged">) {
    this.#levers = levers;
    this.#stopListening = levers.onChanged(() => this.#tellChanged());
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws Problem too_many_streams */
  open(subjects: LeverSubjects): Readable {
    if (this.#open.size >= MOST_STREAMS) throw new Problem("too_many_streams");
    const body = new Readable({
      read() {},
      destroy: (error, done) => {
        this.#open.delete(stream);
        if (this.#open.size === 0) clearInterval(this.#heartbeat);
        done(error);
      },
    });
    const stream: OpenStream = { subjects, body, told: fingerprint(this.#levers.inForce(subjects)) };
    if (this.#open.size === 0) this.#heartbeat = setInterval(() => this.#send(this.#open, ": still here\n\n"), HEARTBEAT_MS).unref();
    this.#open.add(stream);
    // What changed between the evaluation and now, or while the connection was broken, nobody has told.
    this.#send([stream], `retry: 1000\n\n${CHANGED}`);
    return body;
  }

  close(): void {
    this.#stopListening();
    clearInterval(this.#heartbeat);
    for (const { body } of this.#open) body.push(null);
    this.#open.clear();
  }

  #tellChanged(): void {
    const changed = [...this.#open].filter((stream) => {
      const now = fingerprint(this.#levers.inForce(stream.subjects));
      const isNews = now !== stream.told;
      stream.told = now;
      return isNews;
    });
    this.#send(changed, CHANGED);
  }

  #send(streams: Iterable<OpenStream>, text: string): void {
    for (const { body } of [...streams]) {
      if (body.readableLength > MOST_WAITING_BYTES) body.destroy();
      else body.push(text);
    }
  }
}

function fingerprint(inForce: LeversInForce): string {
  return inForce === NO_LEVERS ? "" : JSON.stringify(Object.entries(inForce).sort());
}
