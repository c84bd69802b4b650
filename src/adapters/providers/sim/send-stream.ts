import { steadyClock } from "../../../std/system-clock.ts";
import { generationMs, type SimAnswer } from "./sim-answer.ts";
import type { SimExchange } from "./sim-exchange.ts";
import { drawnRefusal } from "./sim-refusal.ts";
import type { SimWire } from "./sim-wire.ts";

export interface StreamPieces {
  /** At most so many pieces; undefined: one per token. */
  readonly chunks: number | undefined;
  /** Pieces in one write; undefined: as many as are ready. */
  readonly perWrite: number | undefined;
}

/** More than this is not put into one write. */
const WRITE_BYTES = 65_536;

/**
 * Sends one answer as server-sent events. Without pacing it goes out as fast as it is read; with pacing, each piece when its last
 * token is due. Stops when the reader leaves or the answer's fault is reached.
 */
export function sendStreamedAnswer(exchange: SimExchange, wire: SimWire, answer: SimAnswer, pieces: StreamPieces): void {
  new StreamSender(exchange, wire, answer, pieces).start();
}

class StreamSender {
  readonly #exchange: SimExchange;
  readonly #wire: SimWire;
  readonly #answer: SimAnswer;
  readonly #perWrite: number;
  readonly #chunks: number;
  /** Tokens after which the fault happens; Infinity without one. */
  readonly #faultAt: number;
  #chunk = 0;
  #deltas = 0;
  #produced = 0;
  #firstTokenAt = 0;
  #begun = false;
  #watched = false;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(exchange: SimExchange, wire: SimWire, answer: SimAnswer, pieces: StreamPieces) {
    this.#exchange = exchange;
    this.#wire = wire;
    this.#answer = answer;
    this.#perWrite = pieces.perWrite ?? Infinity;
    this.#chunks = Math.min(pieces.chunks ?? Infinity, answer.outputTokens);
    this.#faultAt = faultAt(answer);
  }

  start(): void {
    if (this.#answer.ttftMs === 0) this.#begin();
    else {
      this.#watch();
      this.#timer = setTimeout(() => this.#begin(), this.#answer.ttftMs);
    }
  }

  #begin(): void {
    if (this.#answer.fault?.kind === "drop" && this.#faultAt === 0) {
      this.#end("dropped");
      this.#exchange.response.destroy();
      return;
    }
    this.#begun = true;
    this.#firstTokenAt = steadyClock();
    this.#exchange.response.writeHead(200, [
      ...this.#exchange.headers,
      "content-type",
      "text/event-stream; charset=utf-8",
      "cache-control",
      "no-cache",
    ]);
    this.#send(this.#wire.opening(this.#answer));
  }

  /** @param frames what is to leave before the next piece */
  #send(frames: string): void {
    let ready = frames;
    let pieces = 0;
    while (this.#chunk < this.#chunks && this.#produced < this.#faultAt) {
      const to = Math.min(this.#faultAt, Math.floor((this.#answer.outputTokens * (this.#chunk + 1)) / this.#chunks));
      const waitMs = this.#waitMs(to);
      if (waitMs > 0) {
        this.#wait(ready, waitMs);
        return;
      }
      ready += this.#delta(to);
      if (++pieces >= this.#perWrite || ready.length >= WRITE_BYTES) {
        this.#flush(ready);
        return;
      }
    }
    if (this.#produced >= this.#faultAt) this.#fail(ready);
    else {
      this.#end("complete");
      this.#exchange.response.end(ready + this.#wire.closing(this.#answer, this.#deltas), "latin1");
    }
  }

  /** Produces tokens up to `to`; reasoning comes first and is not shown. */
  #delta(to: number): string {
    const hidden = this.#answer.reasoningTokens;
    const from = Math.max(0, this.#produced - hidden);
    const shown = Math.max(0, to - hidden);
    this.#produced = to;
    this.#chunk++;
    return shown > from ? this.#wire.delta(this.#answer, from, shown, this.#deltas++) : "";
  }

  #waitMs(to: number): number {
    if (this.#answer.tokensPerS === 0) return 0;
    return this.#firstTokenAt + generationMs(to, this.#answer.tokensPerS) - steadyClock();
  }

  #wait(ready: string, waitMs: number): void {
    this.#watch();
    if (ready !== "") this.#exchange.response.write(ready, "latin1");
    this.#timer = setTimeout(() => this.#send(""), Math.ceil(waitMs));
  }

  #flush(ready: string): void {
    this.#watch();
    const next = () => {
      if (!this.#ended) this.#send("");
    };
    if (ready === "" || this.#exchange.response.write(ready, "latin1")) setImmediate(next);
    else this.#exchange.response.once("drain", next);
  }

  #fail(ready: string): void {
    const { response } = this.#exchange;
    const { fault } = this.#answer;
    switch (fault?.kind) {
      case "drop":
        this.#end("dropped");
        response.write(ready, "latin1", () => response.destroy());
        return;
      case "error":
        this.#end("errored");
        response.end(ready + this.#wire.streamError(drawnRefusal(500, undefined), this.#answer, this.#deltas), "latin1");
        return;
      case "malformed":
        this.#end("malformed");
        response.end(`${ready}data: {"id":"broken","obj\n\n`, "latin1");
        return;
      default:
        this.#watch();
        if (ready === "") response.flushHeaders();
        else response.write(ready, "latin1");
    }
  }

  /** From here on the sender may have to wait, and has to know when the reader leaves. */
  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    this.#exchange.response.once("close", () => {
      clearTimeout(this.#timer);
      this.#end("client_gone");
    });
  }

  #end(outcome: "complete" | "client_gone" | "dropped" | "errored" | "malformed"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#exchange.ended(outcome, this.#begun ? 200 : 0, this.#produced);
  }
}

function faultAt(answer: SimAnswer): number {
  switch (answer.fault?.kind) {
    case undefined:
      return Infinity;
    case "malformed":
      return Math.floor(answer.outputTokens / 2);
    case "drop":
    case "stall":
    case "error":
      return Math.min(answer.fault.afterTokens, answer.outputTokens);
    default:
      return 0;
  }
}
