import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { idSource } from "../../../std/random-id.ts";
import { systemClock } from "../../../std/system-clock.ts";
import { sendStreamedAnswer } from "./send-stream.ts";
import { sendWholeAnswer } from "./send-whole-answer.ts";
import { planAnswer, type SimAnswer } from "./sim-answer.ts";
import { SimBooks } from "./sim-books.ts";
import type { SimCall } from "./sim-call.ts";
import type { SimDirective } from "./sim-directive.ts";
import { SIM_DOORS, type SimDialect, type SimDoor } from "./sim-endpoints.ts";
import { modelsJson, unknownModel } from "./sim-models.ts";
import { SIM_MODELS, type SimOptions } from "./sim-options.ts";
import { requestDraws } from "./sim-random.ts";
import { drawnRefusal, SimRefusal } from "./sim-refusal.ts";
import { checkHeaders, parseBody, readBody } from "./sim-request.ts";
import { SimVisit } from "./sim-visit.ts";

/** Answers requests; sim-server.ts brings them. */
export class SimProvider {
  readonly books: SimBooks;
  readonly #options: SimOptions;
  readonly #models: readonly string[];
  readonly #newId = idSource(randomBytes(4).readUInt32BE(), systemClock);
  /** Attempts seen, by the id of a fail_times directive. */
  readonly #attempts = new Map<string, number>();
  #requests = 0;

  constructor(options: SimOptions) {
    this.#options = options;
    this.#models = options.models ?? SIM_MODELS;
    this.books = new SimBooks(options.keepRecords ?? 10_000);
  }

  reset(): void {
    this.books.reset();
    this.#attempts.clear();
    this.#requests = 0;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url!;
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    const door = SIM_DOORS.get(path);
    if (path.startsWith("/__sim/")) this.#control(request, response, path);
    else if (door !== undefined && request.method === "POST") readBody(request, (body) => this.#post(door, request, response, body));
    else this.#get(request, response, path);
  }

  #post(door: SimDoor, request: IncomingMessage, response: ServerResponse, body: Buffer | undefined): void {
    const visit = new SimVisit(this.books, response, door.endpoint, door.dialect, this.#newId());
    try {
      checkHeaders(request, door.dialect, this.#options.requireKey);
      const call = door.read(parseBody(body));
      if (this.#options.onlyListedModels && !this.#models.includes(call.model)) throw unknownModel(call.model, door.dialect);
      if (door.wire === undefined) visit.answerFree(`{"input_tokens":${call.directive?.in ?? call.promptTokens}}`);
      else this.#answer(door, visit, call);
    } catch (error) {
      // The one RangeError that a body can cause is a full stack.
      visit.refuse(error instanceof RangeError ? new SimRefusal(400, "The body is nested too deeply.") : error);
    }
  }

  #answer(door: SimDoor, visit: SimVisit, call: SimCall): void {
    const answer = this.#plan(call, visit.id);
    visit.answer = answer;
    const { fault } = answer;
    if (fault?.kind === "hang") visit.hang();
    else if (fault?.kind === "status") visit.refuseAfter(call.directive?.ttft_ms ?? 0, drawnRefusal(fault.status, fault.retryAfterS));
    else if (call.stream) {
      sendStreamedAnswer(visit, door.wire!, answer, { chunks: this.#options.streamChunks, perWrite: this.#options.chunksPerWrite });
    } else if (fault?.kind === "error") visit.refuseAfter(answer.ttftMs, drawnRefusal(500, undefined));
    else sendWholeAnswer(visit, door.wire!, answer);
  }

  #plan(call: SimCall, id: string): SimAnswer {
    const requestNumber = ++this.#requests;
    return planAnswer(call, this.#options, requestDraws(this.#options.seed ?? 1, requestNumber), {
      id,
      createdS: Math.floor(systemClock() / 1000),
      requestNumber,
      failing: this.#isFailing(call.directive),
    });
  }

  #isFailing(directive: SimDirective | undefined): boolean {
    if (directive?.fail_times === undefined) return false;
    const attempt = (this.#attempts.get(directive.id!) ?? 0) + 1;
    this.#attempts.set(directive.id!, attempt);
    return attempt <= directive.fail_times;
  }

  /** Everything but a POST to an endpoint: the models, and what is not there. */
  #get(request: IncomingMessage, response: ServerResponse, path: string): void {
    request.resume();
    const dialect: SimDialect =
      SIM_DOORS.get(path)?.dialect ?? (request.headers["anthropic-version"] === undefined ? "openai" : "anthropic");
    const isModels = path === "/v1/models" || path.startsWith("/v1/models/");
    const visit = new SimVisit(this.books, response, isModels ? "models" : "unknown", dialect, this.#newId());
    try {
      if (!isModels && !SIM_DOORS.has(path)) throw new SimRefusal(404, `Invalid URL (${request.method} ${path})`);
      if (!isModels || request.method !== "GET") throw new SimRefusal(405, `Not allowed to ${request.method} on ${path}`);
      checkHeaders(request, dialect, this.#options.requireKey);
      const name = path === "/v1/models" ? undefined : path.slice("/v1/models/".length);
      visit.answerFree(modelsJson(this.#models, name, dialect));
    } catch (error) {
      visit.refuse(error);
    }
  }

  /** What a test or a benchmark asks the sim itself; no part of what a provider has. */
  #control(request: IncomingMessage, response: ServerResponse, path: string): void {
    request.resume();
    const json = (status: number, value: unknown): void => {
      const body = Buffer.from(JSON.stringify(value));
      response.writeHead(status, ["content-type", "application/json", "content-length", String(body.length)]);
      response.end(body);
    };
    if (path === "/__sim/stats" && request.method === "GET") json(200, this.books.stats());
    else if (path === "/__sim/reset" && request.method === "POST") {
      this.reset();
      json(200, {});
    } else json(404, { error: "The sim has GET /__sim/stats and POST /__sim/reset." });
  }
}
