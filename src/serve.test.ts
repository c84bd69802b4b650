import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "./config/read-config.ts";
import { startBallast } from "./serve.ts";
import { createLogger } from "./telemetry/logger.ts";

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ballast-serve-"));
  ended.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "data");
}

function start(dataDir: string, port = 0) {
  const yaml = [`data_dir: ${dataDir}`, `listen: { port: ${port} }`, "stores: { warehouse: none }"].join("\n");
  return startBallast(parseConfig(yaml, "(test)", { environment: () => undefined }), { log: createLogger({ level: "silent" }) });
}

describe("startBallast", () => {
  it("makes no folder when its address is taken, and names the setting", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    ended.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    const folder = aFolder();
    const message = `Something else listens on 127.0.0.1:${port} (listen.port is ${port}).`;
    await expect(start(folder, port)).rejects.toMatchObject({ code: "address_in_use", message });
    expect(existsSync(folder)).toBe(false);
  });

  it("says which folder another process has open", async () => {
    const folder = aFolder();
    const first = await start(folder);
    ended.push(() => first.close());
    const message = `Another process has the data folder ${folder} open.`;
    await expect(start(folder)).rejects.toMatchObject({ code: "data_dir_in_use", message, details: { data_dir: folder } });
  });

  it("keeps what it knows of prices at every start, books a discount, and prices the month again by what it learned", async () => {
    const folder = aFolder();
    const startWith = (terms: string) => {
      const yaml = `{ data_dir: ${folder}, listen: { port: 0 }, ${terms} }`;
      return startBallast(parseConfig(yaml, "(test)", { environment: () => undefined }), { log: createLogger({ level: "silent" }) });
    };
    const post = async (url: string, token: string, path: string, body: object) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      return (await (await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })).json()) as Record<string, unknown>;
    };
    const used = { tenant_id: "acme", model: "gpt-4o", prompt_tokens: 1_000_000, completion_tokens: 0 };

    const first = await startWith("prices: []");
    ended.push(() => first.close());
    await post(first.url, first.adminToken, "/api/ai-budget/track", used);
    await vi.waitFor(async () => expect(await first.warehouse!.facts.priceVersions()).toHaveLength(1), 20_000);
    await vi.waitFor(async () => expect(await first.warehouse!.query("SELECT 1 FROM finops.request_trace")).toHaveLength(1), 20_000);
    await first.close();

    const second = await startWith("contracts: [{ id: c, provider: openai, discount_percent: 10 }]");
    ended.push(() => second.close());
    await vi.waitFor(async () => expect(await second.warehouse!.facts.priceVersions()).toHaveLength(2), 20_000);
    expect(second.prices.find("openai", "gpt-4o", Date.now())?.id).toContain("genai-prices+c/openai/gpt-4o@");
    const month = new Date().toISOString().slice(0, 7);
    const repriced = await post(second.url, second.adminToken, "/api/v1/prices/reprice", { month });
    expect(repriced).toMatchObject({ before_usd: "2.5", difference_usd: "-0.25", after_usd: "2.25", corrected_calls: 1 });
    expect(await post(second.url, second.adminToken, "/api/v1/verify", {})).toMatchObject({ ok: true });
  }, 90_000);

  it("takes no warehouse as a choice: it is ready, and says what follows from it", async () => {
    const ballast = await start(aFolder());
    ended.push(() => ballast.close());
    const ready = await fetch(`${ballast.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: "ready",
        checks: [
          { name: "ledger", ok: true, detail: "0 rows are in the outbox, and stay there while no warehouse is configured" },
          { name: "warehouse", ok: true, detail: "none configured: calls and budgets work, there are no reports" },
        ],
      },
    ]);
  });
});
