import type { SendOutcome } from "./channel.ts";

/** Answers that no further attempt will change: the receiver is gone for good, or cannot read what we write. */
const FOR_GOOD = new Set([400, 410, 413, 422]);

/**
 * Posts JSON. Redirects are not followed: a secret meant for one address does not go to another.
 * What comes back is not read, since nothing in it is needed and anything may be in it.
 */
export async function postJson(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<SendOutcome> {
  try {
    const response = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal });
    await response.body?.cancel();
    if (response.status >= 200 && response.status < 300) return { outcome: "sent" };
    const retryAfterMs = patienceOf(response.headers.get("retry-after"));
    return { outcome: "failed", error: `answered ${response.status}`, forGood: FOR_GOOD.has(response.status), retryAfterMs };
  } catch (error) {
    return { outcome: "failed", error: reasonOf(error), forGood: false };
  }
}

/** The code of what went wrong. Messages are left out, since they may hold the address. */
export function reasonOf(error: unknown): string {
  const { name, code, cause } = error as { name?: string; code?: unknown; cause?: { code?: unknown } };
  if (name === "TimeoutError") return "no answer in time";
  if (name === "AbortError") return "stopped";
  const known = cause?.code ?? code;
  return typeof known === "string" ? known : "not reached";
}

/** Seconds only; a date would need the other side's clock. */
function patienceOf(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
}
