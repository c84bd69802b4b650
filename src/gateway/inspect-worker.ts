import { parentPort } from "node:worker_threads";
import type { CallDialect } from "../core/usage/usage.ts";
import { type BodyWork, workOn } from "./body-work.ts";

export interface InspectTask {
  readonly id: number;
  readonly work: BodyWork;
  readonly dialect: CallDialect;
  readonly bytes: Uint8Array;
  readonly input: readonly unknown[];
}

export interface InspectReply {
  readonly id: number;
  readonly result: unknown;
}

parentPort?.on("message", ({ id, work, dialect, bytes, input }: InspectTask) => {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = (workOn as (...all: unknown[]) => unknown)(work, dialect, body, ...input);
  parentPort?.postMessage({ id, result } satisfies InspectReply);
});
