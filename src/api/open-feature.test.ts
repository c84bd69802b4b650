import type { AddressInfo } from "node:net";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature } from "@openfeature/server-sdk";
import { type Provider, ProviderEvents, OpenFeature as WebOpenFeature } from "@openfeature/web-sdk";
import { EventSource } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import type { LeverStates } from "../core/levers/lever-state.ts";
import { LeverBoard } from "../data/store/lever-board.ts";
import { ADMIN_TOKEN, testApi } from "./api-test-kit.ts";

/* The official SDKs and providers of OpenFeature against a server on a port of its own. */

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function servedFlags(openReads = true) {
  const levers = new LeverBoard();
  const { app, ask } = await testApi({ levers, openReads });
  await app.listen({ port: 0, host: "127.0.0.1" });
  opened.push(() => app.close());
  let revision = 0;
  const turn = (values: Record<string, number>, subject = "use_case:copilot") => {
    const states = Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { value, before: value, failures: 0 }]));
    levers.renew([{ subject, revision: ++revision, state: { levers: states as LeverStates, reached: [] } }]);
  };
  return { baseUrl: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, turn, ask };
}

async function serverClient(baseUrl: string, token?: string) {
  const headers: [string, string][] = token === undefined ? [] : [["Authorization", `Bearer ${token}`]];
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers }));
  opened.push(() => OpenFeature.clearProviders());
  return OpenFeature.getClient();
}

/** Node has no EventSource unless it is asked for one; a browser has. */
async function webClient(baseUrl: string) {
  Object.assign(globalThis, { EventSource });
  await WebOpenFeature.setContext({ targetingKey: "copilot" });
  await WebOpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl, cacheMode: "disabled" }) as Provider);
  opened.push(() => WebOpenFeature.clearProviders());
  return WebOpenFeature.getClient();
}

describe("the server SDK of OpenFeature", () => {
  it("returns the defaults of the code while levers are off, and the levers' values once they are turned", async () => {
    const { baseUrl, turn } = await servedFlags();
    const client = await serverClient(baseUrl);
    const context = { targetingKey: "copilot" };
    const all = async () => [
      await client.getNumberValue("depth_k", 8, context),
      await client.getStringValue("prompt_template", "v1", context),
      await client.getBooleanValue("large_model", true, context),
      await client.getBooleanValue("batch_deferral", false, context),
    ];
    expect(await all()).toEqual([8, "v1", true, false]);
    turn({ depth_k: 4, prompt_compression: 1, "feature_freeze/large_model": 1, batch_deferral: 1 });
    expect(await all()).toEqual([4, "v2", false, true]);
    turn({ depth_k: 1000, prompt_compression: 0, "feature_freeze/large_model": 0, batch_deferral: 0 });
    expect(await all()).toEqual([8, "v1", true, false]);
  });

  it("tells which lever answered, and what was wrong with a question", async () => {
    const { baseUrl, turn } = await servedFlags();
    turn({ depth_k: 4 });
    const client = await serverClient(baseUrl);
    const turned = await client.getNumberDetails("depth_k", 8, { targetingKey: "copilot" });
    expect(turned).toMatchObject({ value: 4, variant: "4", reason: "TARGETING_MATCH", flagMetadata: { lever: "depth_k" } });
    expect(await client.getNumberDetails("depth_k", 8, {})).toMatchObject({ value: 8, errorCode: "TARGETING_KEY_MISSING" });
    expect(await client.getNumberDetails("dept_k", 8, { targetingKey: "copilot" })).toMatchObject({
      value: 8,
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(await client.getStringDetails("depth_k", "8", { targetingKey: "copilot" })).toMatchObject({ errorCode: "TYPE_MISMATCH" });
  });

  it("asks with a virtual key where reads are not open, and falls back to the code without one", async () => {
    const { baseUrl, turn, ask } = await servedFlags(false);
    turn({ depth_k: 4 });
    const made = await ask("POST", "/api/v1/keys", {
      body: { name: "app", scope: { tenant: "acme", use_case: "copilot" } },
      token: ADMIN_TOKEN,
    });
    const withKey = await serverClient(baseUrl, made.body.secret);
    expect(await withKey.getNumberValue("depth_k", 8, { targetingKey: "user 77" })).toBe(4);
    const withoutKey = await serverClient(baseUrl);
    expect(await withoutKey.getNumberValue("depth_k", 8, { targetingKey: "copilot" })).toBe(8);
  });
});

describe("the web SDK of OpenFeature", () => {
  it("hears of a turned lever by event within a second, again and again", async () => {
    const { baseUrl, turn } = await servedFlags();
    const client = await webClient(baseUrl);
    expect(client.getNumberDetails("depth_k", 8)).toMatchObject({ value: 8, reason: "DISABLED" });
    // The stream says once that it is there; after that only changes are told.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const took: number[] = [];
    for (const depthK of [6, 4, 2]) {
      const heard = new Promise<number>((resolve) => {
        const listener = () => {
          client.removeHandler(ProviderEvents.ConfigurationChanged, listener);
          resolve(performance.now());
        };
        client.addHandler(ProviderEvents.ConfigurationChanged, listener);
      });
      const turnedAt = performance.now();
      turn({ depth_k: depthK });
      took.push((await heard) - turnedAt);
      expect(client.getNumberValue("depth_k", 8)).toBe(depthK);
    }
    process.stdout.write(`a turned lever reached the client in ${took.map((ms) => ms.toFixed(0)).join(", ")} ms\n`);
    expect(Math.max(...took)).toBeLessThan(1000);
  });

  it("is not told of levers of others", async () => {
    const { baseUrl, turn } = await servedFlags();
    const client = await webClient(baseUrl);
    await new Promise((resolve) => setTimeout(resolve, 300));
    let changes = 0;
    client.addHandler(ProviderEvents.ConfigurationChanged, () => void changes++);
    turn({ depth_k: 4 }, "use_case:search");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(changes).toBe(0);
  });
});
