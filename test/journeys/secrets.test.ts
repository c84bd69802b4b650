import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sim, startSim } from "../../src/adapters/providers/sim/sim-server.ts";
import { BallastProcess } from "./ballast-process.ts";

/* What must never be written down: a provider's key, a caller's key, the admin token, and what people said. */
const PROVIDER_KEY = "sk-provider-7f3a9c1e55";
const WORDS = "the-patient-has-a-secret-illness";
let sim: Sim;
let ballast: BallastProcess;
let callerKey: string;

beforeAll(async () => {
  sim = await startSim({ requireKey: PROVIDER_KEY });
  ballast = new BallastProcess(
    [
      "providers:",
      `  - { name: house, kind: openai-compatible, base_url: "${sim.url}", api_key: ${PROVIDER_KEY}, price_list: openai, models: ["gpt-*"], retries: 0 }`,
      "telemetry: { log_level: trace }",
    ].join("\n"),
  );
  await ballast.start();
  callerKey = (await ballast.api<{ secret: string }>("POST", "/api/v1/keys", { name: "k", scope: { tenant: "acme" } })).secret;
});
afterAll(async () => {
  await ballast.remove();
  await sim.close();
});

function call(directive: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return fetch(`${ballast.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${callerKey}`, "content-type": "application/json", "x-api-key": callerKey },
    body: JSON.stringify({
      model: "gpt-4o-mini",
      max_tokens: 50,
      messages: [{ role: "user", content: `${WORDS} [[sim ${JSON.stringify(directive)}]]` }],
      ...more,
    }),
  });
}

describe("secrets", () => {
  it("never reach answers, logs, the ledger, the journal or the warehouse", async () => {
    const said: string[] = [];
    const keep = async (answer: Promise<Response>) => {
      const { headers, text } = await answer.then(async (got) => ({ headers: got.headers, text: await got.text() }));
      said.push(text, JSON.stringify([...headers]));
    };
    await keep(call({ out: 5, text: undefined }));
    await keep(call({ out: 5 }, { stream: true }));
    await keep(call({ status: 500 }));
    await keep(call({ status: 401 }));
    await keep(call({ drop_after: 0 }));
    await keep(call({ malformed: true }));
    await keep(call({}, { model: "no-such-model" }));
    await keep(call({}, { max_tokens: -1 }));
    await keep(
      fetch(`${ballast.url}/api/ai-budget/set`, {
        method: "POST",
        headers: { authorization: `Bearer ${callerKey}`, "content-type": "application/json" },
        body: "{}",
      }),
    );
    await keep(fetch(`${ballast.url}/api/v1/keys`, { headers: { authorization: `Bearer ${ballast.adminToken}` } }));
    await keep(fetch(`${ballast.url}/`));
    await keep(fetch(`${ballast.url}/metrics`));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await keep(fetch(`${ballast.url}/api/v1/traces?limit=100`));
    const adminToken = ballast.adminToken;
    expect(await ballast.kill("SIGTERM")).toBe(0);
    said.push(ballast.output);
    const folder = join(ballast.folder, "data");
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (file.isFile() && file.name !== "admin-token") said.push(readFileSync(join(file.parentPath, file.name), "latin1"));
    }
    const all = said.join("\n");
    expect(sim.stats().billed.filter((billed) => billed.status === 200).length).toBeGreaterThan(1);
    for (const [what, secret] of Object.entries({
      "the provider's key": PROVIDER_KEY,
      "the caller's key": callerKey,
      "the admin token": adminToken,
      "what was said": WORDS,
    })) {
      expect(all.includes(secret), `${what} was written down`).toBe(false);
    }
  });
});
