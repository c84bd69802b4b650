import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { aTrace } from "../../ports/trace-test-kit.ts";
import { warehouseConformance } from "../../ports/warehouse-conformance.ts";
import { type ChdbWarehouse, openChdbWarehouse } from "./chdb-warehouse.ts";

warehouseConformance("the embedded engine", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ballast-warehouse-"));
  const warehouse = await openChdbWarehouse({ dir });
  return {
    warehouse,
    killEngine: () => void process.kill(warehouse.enginePid()!, "SIGKILL"),
    openAgain: () => openChdbWarehouse({ dir, lockWaitMs: 0 }),
    dispose: async () => {
      await warehouse.close();
      await rm(dir, { recursive: true });
    },
  };
});

describe("the process of the embedded engine", () => {
  const year = { from: new Date("2026-01-01"), to: new Date("2027-01-01") };
  const whole = { ...year, filter: {}, groupBy: [] };
  const cleanUp: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  });

  async function aFolder(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), "ballast-warehouse-"));
    cleanUp.push(() => rm(dir, { recursive: true, force: true }));
    return dir;
  }

  async function opened(dir: string, lockWaitMs?: number): Promise<ChdbWarehouse> {
    const warehouse = await openChdbWarehouse({ dir, ...(lockWaitMs === undefined ? {} : { lockWaitMs }) });
    cleanUp.push(() => warehouse.close());
    return warehouse;
  }

  it("finds its tables and traces again after closing, and migrates nothing twice", async () => {
    const dir = await aFolder();
    const first = await opened(dir);
    const migrations = "SELECT name, applied_at FROM finops.schema_migration ORDER BY name";
    const before = await first.query(migrations);
    await first.insertTraces([JSON.stringify(aTrace(year))]);
    await first.close();
    const second = await opened(dir);
    expect(await second.query(migrations)).toEqual(before);
    expect(await second.costs(whole)).toMatchObject([{ calls: 1 }]);
  });

  it("finishes what was asked before it closes, and takes no more", async () => {
    const warehouse = await opened(await aFolder());
    const slow = warehouse.query("SELECT count() AS n FROM numbers(20000000) WHERE sipHash64(number) % 2 = 3");
    const write = warehouse.insertTraces([JSON.stringify(aTrace(year))]);
    const closed = warehouse.close();
    expect(await slow).toEqual([{ n: "0" }]);
    expect(await write).toMatchObject({ accepted: 1 });
    await closed;
    await expect(warehouse.ping()).rejects.toMatchObject({ code: "warehouse_unavailable" });
    expect(warehouse.enginePid()).toBeUndefined();
  });

  it("gives no answer that is too long to hold", async () => {
    const warehouse = await opened(await aFolder());
    const long = warehouse.query("SELECT repeat('x', 1000) AS text FROM numbers(100000)");
    await expect(long).rejects.toMatchObject({ code: "invalid_request", details: { reason: expect.stringContaining("longer than") } });
    await warehouse.ping();
  });

  it("leaves the end of the engine to the server: Ctrl-C in a terminal reaches both", async () => {
    const warehouse = await opened(await aFolder());
    const pid = warehouse.enginePid()!;
    process.kill(pid, "SIGINT");
    process.kill(pid, "SIGTERM");
    await warehouse.ping();
    expect(warehouse.enginePid()).toBe(pid);
  });

  it("rejects what was under way when the engine dies, and answers the next question with a new one", async () => {
    const warehouse = await opened(await aFolder());
    const pid = warehouse.enginePid()!;
    const slow = warehouse.query("SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 3");
    setTimeout(() => process.kill(pid, "SIGKILL"), 100);
    await expect(slow).rejects.toMatchObject({ code: "warehouse_unavailable" });
    await warehouse.ping();
    expect(warehouse.enginePid()).not.toBe(pid);
  });

  it("lets go of the folder when its server is killed, in the middle of a question too", async () => {
    const dir = await aFolder();
    const script = join(dir, "server.ts");
    await writeFile(
      script,
      `import { openChdbWarehouse } from ${JSON.stringify(new URL("./chdb-warehouse.ts", import.meta.url).href)};
      const warehouse = await openChdbWarehouse({ dir: process.argv[2] });
      await warehouse.insertTraces([process.argv[3]]);
      warehouse.query("SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 3");
      process.send("asked");
      setInterval(() => {}, 1000);`,
    );
    const data = join(dir, "data");
    const server = fork(script, [data, JSON.stringify(aTrace(year))], { execArgv: [] });
    await once(server, "message");
    server.kill("SIGKILL");
    const warehouse = await opened(data);
    expect(await warehouse.costs(whole)).toMatchObject([{ calls: 1 }]);
  });

  it("ends with its server, without a word on standard output", async () => {
    const dir = await aFolder();
    const child = new URL("./chdb-child.ts", import.meta.url).pathname;
    const engine = spawn(process.execPath, [child, join(dir, "data")], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    let output = "";
    engine.stdout!.on("data", (chunk) => {
      output += chunk;
    });
    await once(engine, "message");
    engine.disconnect();
    expect(await once(engine, "exit")).toEqual([0, null]);
    expect(output).toBe("");
  });

  it("says that the engine is missing where the optional package is not installed", async () => {
    const dir = await aFolder();
    const hook = join(dir, "without-chdb.mjs");
    await writeFile(
      hook,
      `import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "chdb") throw Object.assign(new Error("Cannot find package 'chdb'"), { code: "ERR_MODULE_NOT_FOUND" });
        return next(name, context);
      } });`,
    );
    vi.stubEnv("NODE_OPTIONS", `--import=${hook}`);
    cleanUp.push(async () => vi.unstubAllEnvs());
    await expect(openChdbWarehouse({ dir: join(dir, "data") })).rejects.toMatchObject({
      code: "warehouse_missing",
      details: { reason: "Cannot find package 'chdb'" },
    });
  });

  it("does not start over tables that another version of a migration made", async () => {
    const dir = await aFolder();
    const first = await opened(dir);
    await first.close();
    const changed = join(dir, "changed.mjs");
    await writeFile(
      changed,
      `import { Session } from ${JSON.stringify(new URL("../../../node_modules/chdb/index.mjs", import.meta.url).href)};
      const session = new Session(process.argv[2]);
      await session.queryAsync("INSERT INTO finops.schema_migration (name, checksum) VALUES ('0001-request-trace-row', 'other')");
      session.close();`,
    );
    await once(fork(changed, [dir], { execArgv: [] }), "exit");
    await expect(openChdbWarehouse({ dir })).rejects.toMatchObject({
      code: "data_corrupt",
      message: expect.stringContaining("0001-request-trace-row") as string,
    });
  });

  it("does not start in a folder that cannot be made, and says why", async () => {
    const dir = await aFolder();
    await writeFile(join(dir, "file"), "");
    await expect(openChdbWarehouse({ dir: join(dir, "file") })).rejects.toMatchObject({ code: "warehouse_unavailable" });
    expect(await readFile(join(dir, "file"), "utf8")).toBe("");
  });
});
