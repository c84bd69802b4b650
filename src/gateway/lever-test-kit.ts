import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { startSim } from "../adapters/providers/sim/sim-server.ts";
import type { LeverId } from "../core/levers/lever-list.ts";
import type { LeverState } from "../core/levers/lever-state.ts";
import { type GatewayKit, type KitOptions, openGatewayKit } from "./gateway-test-kit.ts";

export interface SentBody {
  readonly path: string;
  readonly text: string;
}

/** A gateway whose levers can be turned, before a provider that shows what it was sent. */
export async function openLeverKit(options: KitOptions & { refusesTier?: boolean } = {}) {
  const sim = await startSim(options.sim);
  const sent: SentBody[] = [];
  const provider = createServer(async (request, response) => {
    const body = await text(request);
    sent.push({ path: request.url ?? "", text: body });
    const tier = /"service_tier":"(\w+)"/.exec(body)?.[1];
    if (tier !== undefined && options.refusesTier) {
      response
        .writeHead(429, { "content-type": "application/json" })
        .end('{"error":{"message":"resource unavailable","code":"resource_unavailable"}}');
      return;
    }
    const answer = await fetch(sim.url + request.url, { method: "POST", headers: sentHeaders(request), body });
    const said = await answer.text();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(tier === undefined ? said : said.replaceAll('"service_tier":"default"', `"service_tier":"${tier}"`));
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const upstreamUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const kit = await openGatewayKit({ ...options, upstreamUrl });
  let revision = 0;
  return {
    kit,
    /** Bodies as the provider got them, the oldest first. */
    sent,
    lastSent: () => JSON.parse(sent.at(-1)!.text) as Record<string, unknown>,
    /** Sets the levers of a subject; those that are not named are off. */
    turn(subject: string, values: Partial<Record<LeverId, number>>) {
      const levers = Object.fromEntries(Object.entries(values).map(([id, value = 0]) => [id, leverAt(value)]));
      kit.levers.renew([{ subject, revision: ++revision, state: { levers, reached: ["spend_slo.yaml 100%"] } }]);
    },
    async close() {
      await kit.close();
      provider.closeAllConnections();
      await new Promise((resolve) => provider.close(resolve));
      await sim.close();
    },
  };
}

export type LeverKit = Awaited<ReturnType<typeof openLeverKit>>;

function leverAt(value: number): LeverState {
  return { value, before: value, failures: 0, appliedAt: Date.parse("2026-11-21T10:00:00Z") };
}

function sentHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    ["authorization", "x-api-key", "anthropic-version", "content-type"].flatMap((name) =>
      headers[name] ? [[name, String(headers[name])]] : [],
    ),
  );
}

/** One call with headers, as any HTTP client makes it. */
export async function call(
  { url }: Pick<GatewayKit, "url">,
  secret: string,
  body: object | string,
  headers: Record<string, string> = {},
  path = "/v1/chat/completions",
) {
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
