import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
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
