import { steadyClock } from "../../../std/system-clock.ts";
import { generationMs, type SimAnswer, type SimFault, tokensBy } from "./sim-answer.ts";
import { type SimExchange, sendWhole } from "./sim-exchange.ts";
import type { SimWire } from "./sim-wire.ts";

/** Answers in one piece, after the time that the answer takes; the tokens of a caller that leaves earlier are billed. */
export function sendWholeAnswer(exchange: SimExchange, wire: SimWire, answer: SimAnswer): void {
  const delayMs = answer.ttftMs + generationMs(answer.outputTokens, answer.tokensPerS);
  if (delayMs === 0) {
    finish(exchange, wire, answer);
    return;
  }
  const startedAt = steadyClock();
  const left = (): void => {
    clearTimeout(timer);
    exchange.ended("client_gone", 0, tokensBy(answer, steadyClock() - startedAt));
  };
  const timer = setTimeout(() => {
    exchange.response.off("close", left);
    finish(exchange, wire, answer);
  }, delayMs);
  exchange.response.once("close", left);
}

function finish(exchange: SimExchange, wire: SimWire, answer: SimAnswer): void {
  const body = wire.whole(answer);
  if (answer.fault === undefined) {
    exchange.ended("complete", 200, answer.outputTokens);
    sendWhole(exchange, 200, body);
  } else if (answer.fault.kind === "malformed") {
    exchange.ended("malformed", 200, answer.outputTokens);
    sendWhole(exchange, 200, body.slice(0, body.length / 2));
  } else sendPart(exchange, answer.fault, answer, body);
}

/** The head and a part of the body, then the end of the connection or silence. */
function sendPart(exchange: SimExchange, fault: SimFault, answer: SimAnswer, body: string): void {
  const produced = Math.min("afterTokens" in fault ? fault.afterTokens : 0, answer.outputTokens);
  const { response, headers } = exchange;
  if (fault.kind === "drop" && fault.afterTokens === 0) {
    exchange.ended("dropped", 0, 0);
    response.destroy();
    return;
  }
  response.writeHead(200, [...headers, "content-type", "application/json", "content-length", String(body.length)]);
  if (fault.kind === "drop") {
    exchange.ended("dropped", 200, produced);
    response.write(body.slice(0, body.length / 2), "latin1", () => response.destroy());
  } else {
    response.write(body.slice(0, body.length / 2), "latin1");
    response.once("close", () => exchange.ended("client_gone", 200, produced));
  }
}
