import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/*
 * The product as a user gets it: packed, installed into an empty folder, started by its name. It needs the package registry and half a
 * minute, so it runs where everything is required (BALLAST_REQUIRE_SERVICES=1, as in CI) and says so elsewhere.
 */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const wanted = process.env.BALLAST_REQUIRE_SERVICES === "1";
if (!wanted) console.log("skipped: the packed product (set BALLAST_REQUIRE_SERVICES=1 to pack, install and start it)");

const folder = mkdtempSync(join(tmpdir(), "ballast-packed-"));
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
const npm = (args: string[], cwd: string) => spawnSync("npm", args, { cwd, env, encoding: "utf8", timeout: 300_000 });

/** As an application that has installed the package. */
function useClient(url: string): unknown {
  const program = `
    import { createBudgetClient } from "ballast/client";
    import { fastifyBudget } from "ballast/client/fastify";
    import { expressBudget } from "ballast/client/express";
    import { honoBudget } from "ballast/client/hono";
    const client = createBudgetClient({ url: "${url}", tenant: "acme", checkTimeoutMs: 10_000, onUnavailable: "deny" });
    const call = { model: "gpt-4o-mini", promptTokens: 10, completionTokens: 10 };
    const { allowed } = await client.check(call);
    client.track(call);
    const left = (await client.close()).length;
    console.log(JSON.stringify({ allowed, left, adapters: [fastifyBudget, expressBudget, honoBudget].map((adapter) => typeof adapter) }));`;
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: folder, env, encoding: "utf8" });
  expect(run.status, run.stderr).toBe(0);
  return JSON.parse(run.stdout);
}

describe.runIf(wanted)("the packed product", () => {
  beforeAll(() => {
    const packed = npm(["pack", "--pack-destination", folder], ROOT);
    expect(packed.status, packed.stderr).toBe(0);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "somebody", private: true }));
    const tarball = readdirSync(folder).find((file) => file.endsWith(".tgz"))!;
    const installed = npm(["install", "--no-audit", "--no-fund", `./${tarball}`], folder);
    expect(installed.status, installed.stderr).toBe(0);
  }, 400_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("runs its demo in an empty folder", () => {
    const run = spawnSync("npx", ["ballast", "demo", "--exit", "--json", "--port", "0", "--calls", "60"], {
      cwd: folder,
      env,
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(run.status, run.stderr).toBe(0);
    const { rows } = JSON.parse(run.stdout) as { rows: { tenant: string; calls: number }[] };
    expect(rows.reduce((sum, row) => sum + row.calls, 0)).toBeGreaterThanOrEqual(50);
  });

  it("gives applications a typed client", () => {
    const tsc = join(ROOT, "node_modules", ".bin", "tsc");
    const check = (source: string) => {
      writeFileSync(join(folder, "application.ts"), source);
      const args = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom", "application.ts"];
      return spawnSync(tsc, args, { cwd: folder, env, encoding: "utf8" }).stdout;
    };
    const imports = ["", "/fastify", "/express", "/hono"]
      .map((entry, n) => `import * as part${n} from "ballast/client${entry}";`)
      .join("\n");
    const use = (tenant: string) =>
      `part0.createBudgetClient({ url: "http://127.0.0.1:3010", tenant: ${tenant} }); void [part1, part2, part3];`;
    expect(check(`${imports}\n${use('"acme"')}`)).toBe("");
    expect(check(`${imports}\n${use("7")}`)).toContain("Type 'number' is not assignable to type 'string'");
  });

  it("serves, answers, and stops in order", async () => {
    // A group of its own, since npx does not pass signals on.
    const args = ["ballast", "serve", "--json", "--port", "0", "--data-dir", join(folder, "data")];
    const server = spawn("npx", args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: server.stdout }).once("line", (line) => resolve((JSON.parse(line) as { url: string }).url));
      server.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
    });
    server.removeAllListeners("exit");
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(useClient(url)).toEqual({ allowed: true, left: 0, adapters: ["function", "function", "function"] });
    process.kill(-server.pid!, "SIGTERM");
    // npx goes before the server does, whose folder must stay until it has written everything.
    await expect.poll(() => isGroupAlive(server.pid!), { timeout: 30_000 }).toBe(false);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});

function isGroupAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}
