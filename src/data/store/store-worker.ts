import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Problem } from "../../contract/problem.ts";
import { invariant } from "../../core/invariant.ts";
import type { EndingAnswer } from "../../ports/ledger-store.ts";
import { StoreEngine } from "./store-engine.ts";
import { type EndParameters, endingOf } from "./store-messages.ts";

/*
 * The writer thread. Whatever has arrived while the last group was written becomes the next group:
 * under load many calls share one wait for the disk, and alone a call waits for no one.
 */
const LARGEST_GROUP = 1000;

export interface StoreCall {
  readonly id: number;
  readonly operation: string;
  readonly parameters: readonly unknown[];
}

export interface StoreReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: StoreFailure;
}

interface StoreFailure {
  readonly code: string | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly stack: string;
}

const port = parentPort;
invariant(port, "store-worker.ts runs in a worker thread");

/** @param message id, operation and parameters of each call, one after the other */
function callsOf(message: readonly unknown[]): StoreCall[] {
  const calls: StoreCall[] = [];
  for (let at = 0; at < message.length; at += 3) {
    const operation = message[at + 1] as string;
    const parameters = message[at + 2] as readonly unknown[];
    const read = operation === "end" ? [endingOf(parameters as unknown as EndParameters)] : parameters;
    calls.push({ id: message[at] as number, operation, parameters: read });
  }
  return calls;
}

function isPlain(answer: EndingAnswer): boolean {
  return answer.applied && answer.warned.length === 0;
}

function describe(error: Error): StoreFailure {
  const problem = error instanceof Problem ? error : undefined;
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : "";
  return { code: problem?.code ?? null, message: error.message, details: problem?.details ?? {}, stack: `${error.stack}${cause}` };
}

try {
  const engine = new StoreEngine(workerData);
  const carryOut = (calls: StoreCall[]) => {
    const closing = calls.findIndex(({ operation }) => operation === "close" || operation === "abandon");
    const group = closing < 0 ? calls : calls.slice(0, closing);
    const outcomes = engine.run(group);
    const replies: (StoreReply | number)[] = outcomes.map((outcome, index) => {
      const { id, operation } = group[index]!;
      if (operation === "end" && outcome.ok && isPlain(outcome.value as EndingAnswer)) return id;
      return outcome.ok ? { id, value: outcome.value } : { id, error: describe(outcome.error) };
    });
    if (closing >= 0) {
      const { operation, parameters } = calls[closing]!;
      if (operation === "abandon") engine.abandon();
      else engine.close(...(parameters as [number, boolean]));
      replies.push({ id: calls[closing]!.id });
    }
    port.postMessage(replies);
    if (closing >= 0) port.close();
  };
  port.on("message", (first: unknown[]) => {
    const calls = callsOf(first);
    while (calls.length < LARGEST_GROUP) {
      const more = receiveMessageOnPort(port);
      if (!more) break;
      calls.push(...callsOf(more.message as unknown[]));
    }
    carryOut(calls);
  });
  port.postMessage({ opened: { epoch: engine.epoch, shared: engine.shared, version: engine.version, recovery: engine.recovery } });
} catch (error) {
  port.postMessage({ failed: describe(error instanceof Error ? error : new Error(String(error))) });
  port.close();
}
