export interface BallastDoor {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string | (() => string) | undefined;
  readonly fetch: typeof fetch;
}

/** What came of one question to Ballast. */
export type BallastAnswer =
  | { readonly outcome: "accepted"; readonly body: Record<string, unknown>; readonly warning: boolean }
  | { readonly outcome: "refused"; readonly body: Record<string, unknown>; readonly warning: boolean; readonly retryAfterMs: number }
  /** Ballast will say the same again. */
  | { readonly outcome: "rejected"; readonly status: number; readonly code: string; readonly detail: string }
  /** Nobody answered, or not Ballast, or not now. What was sent may have arrived. */
  | { readonly outcome: "away"; readonly reason: string; readonly retryAfterMs: number | undefined };

/**
 * Posts one question, and reads the answer whole within `timeoutMs`.
 * @param mark the member that is `true` in every answer of Ballast to this question: a proxy's page with status 200 has none
 */
export async function askBallast(
  door: BallastDoor,
  path: string,
  question: unknown,
  mark: "allowed" | "tracked",
  timeoutMs: number,
): Promise<BallastAnswer> {
  let response: Response;
  let text: string;
  try {
    const headers: Record<string, string> = { "content-type": "application/json" };
    const token = typeof door.token === "function" ? door.token() : door.token;
    if (token) headers.authorization = `Bearer ${token}`;
    const signal = AbortSignal.timeout(timeoutMs);
    response = await door.fetch(door.url + path, { method: "POST", headers, body: JSON.stringify(question), signal });
    text = await response.text();
  } catch (error) {
    return { outcome: "away", reason: reasonOf(error, timeoutMs), retryAfterMs: undefined };
  }
  const { status } = response;
  const body = objectIn(text);
  const warning = response.headers.get("x-ai-budget-warning") === "true";
  const retryAfterMs = waitOf(response.headers);
  if (status === 200 && body[mark] === true) return { outcome: "accepted", body, warning };
  if (status === 429 && body[mark] === false) return { outcome: "refused", body, warning, retryAfterMs: retryAfterMs ?? 1000 };
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return { outcome: "rejected", status, code: String(body.code ?? status), detail: String(body.detail ?? `Ballast answered ${status}`) };
  }
  return { outcome: "away", reason: `it answered ${status}${body.code ? ` ${body.code}` : ""}`, retryAfterMs };
}

/** Node says "fetch failed" and keeps what happened in the cause. */
function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return name === "TimeoutError" ? `no answer within ${timeoutMs} ms` : cause?.code || cause?.message || message;
}

function objectIn(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    // What is not JSON is not from Ballast; the status decides what to make of it.
    return {};
  }
}

/** Retry-After in milliseconds: seconds, or a date, which is read against the answer's own clock where it tells one. */
function waitOf(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.parse(headers.get("date") ?? "");
  return ms >= 0 ? ms : undefined;
}
