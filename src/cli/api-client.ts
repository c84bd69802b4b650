import { Problem } from "../contract/problem.ts";
import type { CommandContext } from "./command.ts";
import { type ServerAddress, serverAddress } from "./server-address.ts";
import { ServerRefusal } from "./server-refusal.ts";

/** A report over a year of calls may take its time. */
const TIMEOUT_MS = 120_000;

export interface ApiClient {
  readonly url: string;
  /**
   * @param query values that are undefined are left out
   * @throws Problem server_unreachable, or ServerRefusal with the problem that the server answered
   */
  get<Answer>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<Answer>;
  /** An answer that is text, such as CSV. @throws as `get` */
  getText(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** @throws as `get` */
  post<Answer>(path: string, body: unknown, query?: Readonly<Record<string, string | undefined>>): Promise<Answer>;
}

/** The client for the server that the command's options, the environment or the configuration name. */
export function clientFor(context: Pick<CommandContext, "text">): ApiClient {
  return apiClient(serverAddress(context));
}

export function apiClient({ url, token }: ServerAddress): ApiClient {
  async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { status, text } = await send(method, path, body);
    const answer = objectIn(text);
    if (status >= 200 && status < 300 && answer) return answer as Answer;
    throw refusalOf(method, path, status, answer);
  }

  async function askText(path: string): Promise<string> {
    const { status, text } = await send("GET", path, undefined);
    if (status === 200) return text;
    throw refusalOf("GET", path, status, objectIn(text));
  }

  function refusalOf(method: string, path: string, status: number, answer: Record<string, unknown> | undefined): Error {
    if (answer && typeof answer.code === "string") return new ServerRefusal(status, answer);
    const message = `What answers at ${url} is no Ballast server: ${method} ${path} gave ${status}.`;
    return new Problem("server_unreachable", { url, status }, { message });
  }

  async function send(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const request = { method, headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    try {
      const response = await fetch(url + path, body === undefined ? request : { ...request, body: JSON.stringify(body) });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new Problem("server_unreachable", { url }, { cause: error, message: `No Ballast server answers at ${url}${reasonOf(error)}.` });
    }
  }

  return {
    url,
    get: (path, query = {}) => ask("GET", path + queryText(query)),
    getText: (path, query = {}) => askText(path + queryText(query)),
    post: (path, body, query = {}) => ask("POST", path + queryText(query), body),
  };
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** ": ECONNREFUSED", or nothing where the system gives no code. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return `: no answer within ${TIMEOUT_MS / 1000} s`;
  const code = ((error as Error).cause as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? `: ${code}` : "";
}
