import { parentPort } from "node:worker_threads";
import type { CallDialect } from "../core/usage/usage.ts";
import { type BodyReading, inspectBody } from "./inspect-body.ts";

export interface InspectTask {
  readonly id: number;
  readonly dialect: CallDialect;
  readonly bytes: Uint8Array;
}

export interface InspectReply {
  readonly id: number;
  readonly reading: BodyReading;
}

parentPort?.on("message", ({ id, dialect, bytes }: InspectTask) => {
  const reading = inspectBody(dialect, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  parentPort?.postMessage({ id, reading } satisfies InspectReply);
});
