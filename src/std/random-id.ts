import { randomBytes } from "node:crypto";

/**
 * Makes ids of 32 hex digits that rise with time, fit a W3C trace id, and are unique across processes that have different epochs:
 * 12 digits of milliseconds, 8 of epoch, 8 of a counter, 4 of chance.
 */
export function idSource(epoch: number, now: () => number): () => string {
  const process = (epoch >>> 0).toString(16).padStart(8, "0");
  let counter = 0;
  let chance = randomBytes(2).toString("hex");
  return () => {
    counter = (counter + 1) >>> 0;
    if (counter % 1024 === 0) chance = randomBytes(2).toString("hex");
    return now().toString(16).padStart(12, "0") + process + counter.toString(16).padStart(8, "0") + chance;
  };
}

/** For a page's content security policy: another one for each answer. */
export function randomNonce(): string {
  return randomBytes(16).toString("base64");
}

/** For what is made once and has to be told from all others of its kind: 128 bits, hex. */
export function randomName(): string {
  return randomBytes(16).toString("hex");
}
