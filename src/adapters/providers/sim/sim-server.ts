import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SimStats } from "./sim-books.ts";
import { readSimOptions, type SimOptions } from "./sim-options.ts";
import { SimProvider } from "./sim-provider.ts";

export interface Sim {
  /** Without a trailing slash and without /v1. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection at once; what was being answered is booked as left by its caller. */
  close(): Promise<void>;
  stats(): SimStats;
  /** Forgets what has ended, the attempts counted for fail_times, and the number of requests: the same seed plays the same again. */
  reset(): void;
}

/**
 * Starts a provider that answers as OpenAI and Anthropic do.
 * @throws Problem invalid_request for an option that does not exist or has no such value; the system's error where the port is taken
 */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const provider = new SimProvider(readSimOptions(options));
  const host = options.host ?? "127.0.0.1";
  // Idle connections live longer here than with any client that pools them, so that a benchmark never uses one that has just been closed.
  const server = createServer({ keepAliveTimeout: 10 * 60_000, requestTimeout: 0, noDelay: true }, (request, response) => {
    provider.handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    stats: () => provider.books.stats(),
    reset: () => provider.reset(),
  };
}
