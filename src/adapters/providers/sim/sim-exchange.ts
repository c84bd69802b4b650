import type { ServerResponse } from "node:http";
import type { SimOutcome } from "./sim-books.ts";

/** What the sender of an answer needs of the request it belongs to. */
export interface SimExchange {
  readonly response: ServerResponse;
  /** Flat list of names and values that every answer of this dialect carries, the request id among them. */
  readonly headers: readonly string[];
  /** Called at least once; only the first call counts. @param producedTokens of each choice */
  ended(outcome: SimOutcome, status: number, producedTokens: number): void;
}

/** @param body ASCII only */
export function sendWhole(exchange: Pick<SimExchange, "response" | "headers">, status: number, body: string): void {
  exchange.response.writeHead(status, [...exchange.headers, "content-type", "application/json", "content-length", String(body.length)]);
  exchange.response.end(body, "latin1");
}
