/** 0 to 1; for jitter, not for secrets. */
export const random = Math.random;

/** Unique over all processes. Node 18 has no global `crypto`; there time and chance make the id. */
export function newRequestId(): string {
  const chance = () => random().toString(36).slice(2);
  return globalThis.crypto?.randomUUID?.() ?? `${Date.now().toString(36)}-${chance()}${chance()}`;
}
