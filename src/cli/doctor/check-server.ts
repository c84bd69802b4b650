import { createServer } from "node:net";
import type { Config } from "../../config/config-schema.ts";
import { listenUrl } from "../server-address.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";

const TIMEOUT_MS = 5_000;

type Answer = { readonly kind: "ballast" } | { readonly kind: "other" } | { readonly kind: "none" };

/** Whether the port is free, or held by a Ballast server, which then says itself how it is. */
export async function checkPort(listen: Config["listen"]): Promise<DoctorCheck[]> {
  const place = `${listen.host}:${listen.port}`;
  if (listen.port === 0) return [ok("port", "any free one will be taken")];
  const url = listenUrl(listen);
  const { kind } = await whoAnswers(url);
  if (kind === "ballast") return [ok("port", `a Ballast server answers on ${place}`), ...(await checkReadiness(url))];
  const refused = await tryListening(listen);
  if (refused === undefined) return [ok("port", `${place} is free`)];
  const detail = refused === "EADDRINUSE" ? `something else listens on ${place}` : `${place} cannot be listened on: ${refused}`;
  return [fail("port", detail, "Stop what listens there, or choose another address with --host and --port or under listen.")];
}

/** A server that was named must be there. */
export async function checkNamedServer(url: string): Promise<DoctorCheck[]> {
  const { kind } = await whoAnswers(url);
  if (kind === "ballast") return [ok("server", `answers at ${url}`), ...(await checkReadiness(url))];
  const detail = kind === "none" ? `nothing answers at ${url}` : `what answers at ${url} is no Ballast server`;
  return [fail("server", detail, "Start it with `ballast serve`, or correct --url or BALLAST_URL.")];
}

async function whoAnswers(url: string): Promise<Answer> {
  try {
    const response = await fetch(`${url}/healthz`, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answer = objectIn(await response.text());
    return { kind: response.status === 200 && answer.status === "ok" ? "ballast" : "other" };
  } catch {
    // That nothing answers is an answer here: the question is who does.
    return { kind: "none" };
  }
}

async function checkReadiness(url: string): Promise<DoctorCheck[]> {
  const remedy = "See the server's log.";
  let answer: Readonly<Record<string, unknown>>;
  try {
    answer = objectIn(await (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) })).text());
  } catch (error) {
    return [fail("server ready", `it does not say: ${(error as Error).message}`, remedy)];
  }
  if (!Array.isArray(answer.checks)) return [fail("server ready", "its answer cannot be read", remedy)];
  const checks = answer.checks as { name: string; ok: boolean; degraded?: boolean; detail: string }[];
  return checks.map(({ name, ok: isWell, degraded, detail }) => {
    if (!isWell) return fail(`server ${name}`, detail, remedy);
    return degraded ? warn(`server ${name}`, detail, remedy) : ok(`server ${name}`, detail);
  });
}

/** @returns the system's code for why not, or undefined when it can be listened on */
function tryListening({ host, port }: Config["listen"]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
