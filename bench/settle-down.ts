import { setTimeout as sleep } from "node:timers/promises";
import type { BallastServer } from "./bench-server.ts";

const LONGEST_MS = 60_000;

/** Waits until the traces of what was measured are in the warehouse, so that they are not carried there while another server is measured. */
export async function settleDown(server: BallastServer): Promise<void> {
  const giveUpAt = performance.now() + LONGEST_MS;
  while ((await server.outboxWaiting()) > 0 && performance.now() < giveUpAt) await sleep(100);
}
