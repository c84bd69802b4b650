import type { ServerResponse } from "node:http";
import type { SimAnswer } from "./sim-answer.ts";
import { billedTokens, NOTHING_BILLED, type SimBilled, type SimBooks, type SimOutcome } from "./sim-books.ts";
import type { SimDialect } from "./sim-endpoints.ts";
import { anthropicErrorJson, openAiErrorJson } from "./sim-error-body.ts";
import { type SimExchange, sendWhole } from "./sim-exchange.ts";
import { SimRefusal } from "./sim-refusal.ts";

/** What each wire puts before the id. */
const RESPONSE_ID: Readonly<Record<string, string>> = { chat: "chatcmpl-", completions: "cmpl-", responses: "resp_", messages: "msg_" };

/** One request on its way to its answer: knows its id, and books how it ended, once. */
export class SimVisit implements SimExchange {
  readonly response: ServerResponse;
  readonly headers: readonly string[];
  readonly id: string;
  readonly #books: SimBooks;
  readonly #dialect: SimDialect;
  readonly #endpoint: SimBilled["endpoint"];
  answer: SimAnswer | undefined;
  #ended = false;

  constructor(books: SimBooks, response: ServerResponse, endpoint: SimBilled["endpoint"], dialect: SimDialect, id: string) {
    this.#books = books;
    this.response = response;
    this.#endpoint = endpoint;
    this.#dialect = dialect;
    this.id = id;
    this.headers = [dialect === "anthropic" ? "request-id" : "x-request-id", `req_${id}`];
    books.opened();
  }

  ended(outcome: SimOutcome, status: number, producedTokens: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const { answer } = this;
    const billed = answer !== undefined && outcome !== "refused";
    const prefix = billed ? RESPONSE_ID[answer.call.endpoint] : undefined;
    this.#books.ended({
      requestId: `req_${this.id}`,
      responseId: prefix === undefined ? null : prefix + this.id,
      endpoint: this.#endpoint,
      model: answer?.call.model ?? null,
      stream: answer?.call.stream ?? false,
      status,
      outcome,
      ...(billed ? billedTokens(answer, producedTokens) : NOTHING_BILLED),
    });
  }

  /** An answer that costs nothing. */
  answerFree(body: string): void {
    this.ended("complete", 200, 0);
    sendWhole(this, 200, body);
  }

  /** Never answers. The prompt is billed: as far as its caller can know, the provider has read it. */
  hang(): void {
    this.response.once("close", () => this.ended("client_gone", 0, 0));
  }

  refuseAfter(delayMs: number, refusal: SimRefusal): void {
    if (delayMs === 0) {
      this.refuse(refusal);
      return;
    }
    const timer = setTimeout(() => this.refuse(refusal), delayMs);
    this.response.once("close", () => {
      clearTimeout(timer);
      this.ended("refused", 0, 0);
    });
  }

  /** @param error anything else than a SimRefusal is our own mistake, and thrown on */
  refuse(error: unknown): void {
    if (!(error instanceof SimRefusal)) throw error;
    this.ended("refused", error.status, 0);
    const body = this.#dialect === "anthropic" ? anthropicErrorJson(error, `req_${this.id}`) : openAiErrorJson(error);
    const retry = error.retryAfterS === undefined ? [] : ["retry-after", String(error.retryAfterS)];
    sendWhole({ response: this.response, headers: [...this.headers, ...retry] }, error.status, body);
  }
}
