import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { redisIsHere, startRedis } from "../../../test/servers/redis-server.ts";
import type { Config } from "../../config/config-schema.ts";
import { keyVariables } from "../../config/key-variables.ts";
import { readConfig } from "../../config/read-config.ts";
import { checkCache } from "./check-cache.ts";
import { checkDataFolder, checkNode, diskSpaceCheck } from "./check-machine.ts";
import { checkPolicies } from "./check-policies.ts";
import { checkPrices, routedModels } from "./check-prices.ts";
import { checkKey, checkProviders } from "./check-providers.ts";
import { checkNamedServer, checkPort } from "./check-server.ts";
import { doctorText, fail, ok } from "./doctor-check.ts";

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

async function aServer(answers: Readonly<Record<string, unknown>>): Promise<number> {
  const server: Server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ended.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What the checks look at, filled in no further than they need. */
function aProvider(fields: object): Config["providers"][number] {
  return { name: "openai", kind: "openai", ...fields } as unknown as Config["providers"][number];
}

describe("doctor", () => {
  it("judges Node and disk space", () => {
    expect([checkNode("24.0.0").status, checkNode("22.18.0").status]).toEqual(["ok", "fail"]);
    expect([2 ** 33, 2 ** 30, 2 ** 20].map((bytes) => diskSpaceCheck(bytes).status)).toEqual(["ok", "warn", "fail"]);
  });

  it("takes a folder that can be made, and no file in its place", () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-doctor-"));
    ended.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "file"), "");
    expect(checkDataFolder(folder).status).toBe("ok");
    expect(checkDataFolder(join(folder, "a", "b")).detail).toContain("will be made");
    expect(checkDataFolder(join(folder, "file")).status).toBe("fail");
  });

  it("finds policies that do nothing here: of providers under another name, of sizes that nobody named, of signals that nobody measures", () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-doctor-"));
    ended.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(
      join(folder, "slo.yaml"),
      readFileSync(fileURLToPath(new URL("../../../samples/policies/spend_slo.yaml", import.meta.url))),
    );
    const check = (more: string) => {
      writeFileSync(join(folder, "ballast.yaml"), `controls: { policies: [slo.yaml] }\n${more}`);
      return checkPolicies(readConfig({ path: join(folder, "ballast.yaml"), environment: () => undefined }));
    };
    const named = (name: string) => `providers: [{ name: ${name}, kind: openai }, { name: LocalLLM, kind: openai }]\n`;
    expect(check(`${named("OpenAI")}model_sizes: [{ small: gpt-4o-mini, large: gpt-4o }]\n`).map(({ status }) => status)).toEqual(["ok"]);
    const [, provider, sizes, warehouse] = check(`${named("openai")}stores: { warehouse: none }\n`);
    expect(provider).toMatchObject({ status: "warn", remedy: "Write openai." });
    expect(sizes!.detail).toContain("small_model_share and feature_freeze/large_model cannot change a call");
    expect(warehouse!.detail).toContain("no guarded lever moves");
    writeFileSync(join(folder, "slo.yaml"), "use_cases: [{ id: ops }]\n");
    expect(check("")).toMatchObject([{ status: "fail", detail: expect.stringContaining("slo.yaml:1:") }]);
    writeFileSync(join(folder, "ballast.yaml"), "");
    expect(checkPolicies(readConfig({ path: join(folder, "ballast.yaml"), environment: () => undefined }))).toEqual([]);
  });

  it("finds exactly named models without a price", () => {
    const providers = [
      aProvider({ models: ["gpt-4o", "gpt-*"] }),
      aProvider({ name: "house", kind: "openai-compatible", models: ["tiny"] }),
    ];
    const routes = [{ model: "best", targets: [{ provider: "openai", model: "gpt-4o" }] }];
    expect(routedModels({ providers, routes }).map(({ model }) => model)).toEqual(["gpt-4o", "tiny"]);
    const config = { providers, routes, prices: [], price_files: [] };
    const failed = checkPrices(config, Date.parse("2026-06-01")).filter(({ status }) => status === "fail");
    expect(failed.map(({ name }) => name)).toEqual(["price house/tiny"]);
    const reporting = aProvider({
      name: "house",
      kind: "openai-compatible",
      models: ["tiny"],
      price: "provider_reported",
      unlisted_hold_usd: "1",
    });
    const checks = checkPrices({ ...config, providers: [reporting], routes: [] }, Date.parse("2026-06-01"));
    expect(checks.map(({ status }) => status)).toEqual(["ok"]);
  });

  it("counts any HTTP status of a provider as reachable, and never prints its key", async () => {
    const port = await aServer({});
    const checks = await checkProviders([
      aProvider({ base_url: `http://127.0.0.1:${port}`, api_key: "sk-secret" }),
      aProvider({ name: "gone", base_url: "http://user:sk-secret@127.0.0.1:1/sk-secret" }),
      aProvider({ name: "toy", kind: "sim" }),
    ]);
    expect(checks.map(({ status }) => status)).toEqual(["ok", "ok", "warn", "warn", "ok"]);
    expect(doctorText(checks)).not.toContain("sk-secret");
    const [unreachable] = await checkProviders([aProvider({ base_url: "http://127.0.0.1:1", api_key: "sk-secret" })]);
    expect(unreachable?.status).toBe("fail");
    expect(checkKey(aProvider({ headers: { "X-Api-Key": "sk-secret" } })).status).toBe("ok");
  });

  it("takes a key that is not set as something to look at, and says which variable to set", () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-doctor-"));
    ended.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "ballast.yaml");
    writeFileSync(path, `providers:\n  - { name: openai, kind: openai, api_key: "\${MY_KEY:-}" }\n  - { name: other, api_key: plain }\n`);
    const variables = keyVariables({ path });
    expect([...variables]).toEqual([["openai", "MY_KEY"]]);
    expect(checkKey(aProvider({}), variables)).toMatchObject({ status: "warn", remedy: expect.stringContaining("Set MY_KEY in") });
    expect(checkKey(aProvider({ kind: "openai-compatible" }))).toMatchObject({ status: "warn" });
  });

  it("finds nothing broken in the example, untouched and without any key", async () => {
    const path = fileURLToPath(new URL("../../../ballast.example.yaml", import.meta.url));
    const config = readConfig({ path, environment: () => undefined });
    const checks = [...checkPrices(config, Date.now()), ...config.providers.map((provider) => checkKey(provider, keyVariables({ path })))];
    expect(checks.filter(({ status }) => status === "fail")).toEqual([]);
    expect(checks.flatMap(({ remedy }) => remedy ?? []).join()).toMatch(/OPENAI_API_KEY.*ANTHROPIC_API_KEY/);
  });

  it("tells a free port, a Ballast server, and a stranger apart", async () => {
    const checks = [
      { name: "ledger", ok: true, detail: "well" },
      { name: "warehouse", ok: false, detail: "gone" },
      { name: "cache", ok: true, degraded: true, detail: "away" },
    ];
    const ballast = await aServer({ "/healthz": { status: "ok" }, "/readyz": { status: "not_ready", checks } });
    const stranger = await aServer({});
    const at = async (port: number) => (await checkPort({ host: "127.0.0.1", port })).map(({ status, detail }) => `${status} ${detail}`);
    expect(await at(ballast)).toEqual([`ok a Ballast server answers on 127.0.0.1:${ballast}`, "ok well", "fail gone", "warn away"]);
    expect(await at(stranger)).toEqual([`fail something else listens on 127.0.0.1:${stranger}`]);
    expect((await checkNamedServer("http://127.0.0.1:1")).map(({ status }) => status)).toEqual(["fail"]);
    ended.splice(0).forEach((end) => {
      end();
    });
    expect(await at(stranger)).toEqual([`ok 127.0.0.1:${stranger} is free`]);
  });

  it("takes a shared cache that cannot be used as something to look at, and never prints its login", async () => {
    expect(await checkCache("memory", "ballast")).toEqual([]);
    const [gone] = await checkCache("redis://user:S3CRET@127.0.0.1:1", "ballast");
    expect(gone).toMatchObject({
      status: "warn",
      name: "cache",
      detail: expect.stringMatching(/^127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/),
    });
    expect(JSON.stringify(gone)).not.toMatch(/S3CRET|user:/);
    const mute = createNetServer().listen(0, "127.0.0.1");
    ended.push(() => mute.close());
    await once(mute, "listening");
    const [silent] = await checkCache(`redis://127.0.0.1:${(mute.address() as AddressInfo).port}`, "ballast");
    expect(silent).toMatchObject({ status: "warn", detail: expect.stringContaining("no answer within 3 s") });
  });

  it.skipIf(!redisIsHere())("writes a value into the shared cache, and says why it could not", async () => {
    const redis = await startRedis({ password: "S3CRET" });
    try {
      expect(await checkCache(redis.url, "ballast")).toEqual([ok("cache", `${new URL(redis.url).host} takes values`)]);
      const [locked] = await checkCache(redis.url.replace(":S3CRET@", ""), "ballast");
      expect(locked).toMatchObject({ status: "warn", detail: expect.stringContaining("NOAUTH") });
    } finally {
      await redis.close();
    }
  });

  it("writes what to do under the line", () => {
    expect(doctorText([ok("node", "24"), fail("port", "taken", "Stop it.")])).toBe(
      "ok    node  24\nfail  port  taken\n            -> Stop it.\n\n1 ok, 0 to look at, 1 failed.",
    );
  });
});
