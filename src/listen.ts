import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Config } from "./config/config-schema.ts";
import { isLoopback } from "./config/read-config.ts";
import { Problem } from "./contract/problem.ts";
import type { LeaseDesk } from "./data/store/lease-desk.ts";
import { steadyClock } from "./std/system-clock.ts";

/* How a server of ours takes connections, and takes its leave. */

/** How long calls under way may take to end when the server stops. */
const LONGEST_FAREWELL_MS = 20_000;

export function serverTimes(config: Config) {
  return {
    headersTimeout: 15_000,
    requestTimeout: config.gateway.body_timeout_ms,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 75_000,
  };
}

/** Listens for a moment. What takes the address between now and later is still found by the server itself. */
export async function tryAddress(address: Config["listen"]): Promise<void> {
  if (address.port === 0) return;
  const probe = createServer();
  await listen(probe, address);
  await new Promise((resolve) => probe.close(resolve));
}

/**
 * Where the system spreads the connections of an address over the sockets of several processes: those that wait at a process that dies
 * are cut off, and not left waiting. Elsewhere the first process takes them all and hands them on.
 */
export const SPREADS_CONNECTIONS = process.platform === "linux" || process.platform === "freebsd";

/**
 * @param beside "others": processes of the same server listen on the address too
 * @throws Problem address_in_use that names the setting
 */
export function listen(server: Server, { host, port }: Config["listen"], beside: "alone" | "others" = "alone"): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const address = `${host}:${port}`;
      const message =
        error.code === "EADDRINUSE"
          ? `Something else listens on ${address} (listen.port is ${port}).`
          : `${address} cannot be listened on (listen.host is ${host}, listen.port is ${port}): ${error.message}.`;
      reject(new Problem("address_in_use", { address }, { cause: error, message }));
    });
    const spreads = beside === "others" && SPREADS_CONNECTIONS ? { exclusive: true, reusePort: true } : {};
    server.listen({ port, host, ...spreads }, resolve);
  });
}

/** No new calls; those under way may end. */
export async function farewell(server: Server, desk: LeaseDesk): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const until = steadyClock() + LONGEST_FAREWELL_MS;
  while (desk.openHolds() > 0 && steadyClock() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  server.closeAllConnections();
  await closed;
}

/**
 * A server that only this machine reaches answers only to this machine's names: a web page elsewhere must not reach it through a
 * name of its own that it points here.
 */
export function namesThisMachine(request: IncomingMessage): boolean {
  const host = request.headers.host ?? "";
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.split(":")[0]!;
  return isLoopback(name);
}

export function refuseHost(request: IncomingMessage, response: ServerResponse): void {
  const problem = new Problem("host_not_allowed");
  const body = JSON.stringify({
    type: `/problems/${problem.code}`,
    title: problem.message,
    status: problem.status,
    code: problem.code,
    remedy: problem.remedy,
  });
  response.writeHead(problem.status, { "content-type": "application/problem+json; charset=utf-8" });
  response.end(body);
  request.resume();
}
