import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Sim, startSim } from "../../src/adapters/providers/sim/sim-server.ts";
import { RestartedBallast } from "../client-test-kit.ts";

/* The examples as their first lines say to run them, with the official SDKs pointed at the simulated provider. */
const QUESTION = 'What changed? [[sim {"out":40}]]';
const USED = { inputTokens: 2, outputTokens: 40 };

const ballast = new RestartedBallast();
const children: ChildProcess[] = [];
let sim: Sim;
beforeAll(async () => {
  sim = await startSim();
  await ballast.start();
  await ballast.setBudget("acme", 10);
  await ballast.setBudget("poor", 0.00000001);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await ballast.remove();
  await sim.close();
});

function run(example: string, ...given: string[]): ChildProcess {
  const env = {
    ...process.env,
    PORT: "0",
    BALLAST_URL: ballast.url,
    OPENAI_BASE_URL: `${sim.url}/v1`,
    OPENAI_API_KEY: "sk-sim",
    ANTHROPIC_BASE_URL: sim.url,
    ANTHROPIC_API_KEY: "sk-sim",
  };
  const file = fileURLToPath(new URL(`${example}-example.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...given], { env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

describe.each(["fastify", "express", "hono"])("the %s example", (name) => {
  it("answers within the budget, reports what it used before it stops, and refuses what is over it", async () => {
    const before = await ballast.usage("acme");
    const child = run(name);
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const ask = (tenant: string) =>
      fetch(`${url}/reports`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ tenant, question: QUESTION }),
      });
    const answer = await ask("acme");
    expect(answer.status).toBe(200);
    expect((await answer.text()).length).toBeGreaterThan(100);
    const refused = await ask("poor");
    expect(refused.status).toBe(name === "hono" ? 200 : 429);
    expect(await refused.text()).toContain("AI Budget Exceeded");
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    const after = await ballast.usage("acme");
    expect(after.inputTokens - before.inputTokens).toBe(USED.inputTokens);
    expect(after.outputTokens - before.outputTokens).toBe(USED.outputTokens);
  });
});

describe("the plain example", () => {
  const unsent = join(ballast.folder, "unsent.json");

  async function ask(tenant: string): Promise<{ code: number; said: Record<string, unknown> }> {
    const child = run("plain", tenant, QUESTION, unsent);
    const ended = once(child, "exit");
    const said = JSON.parse(await text(child.stdout!)) as Record<string, unknown>;
    return { code: (await ended)[0] as number, said };
  }

  it("asks the small model where the budget does not carry the large one", async () => {
    await ballast.setBudget("thrifty", 0.001);
    expect(await ask("thrifty")).toMatchObject({ code: 0, said: { model: "gpt-4o-mini" } });
    expect(await ballast.usage("thrifty")).toMatchObject(USED);
  });

  it("says what refused it", async () => {
    expect(await ask("poor")).toMatchObject({ code: 1, said: { refused: "AI Budget Exceeded", limitUsd: 0.00000001 } });
  });

  it("keeps what it could not report, and reports it once in its next run", async () => {
    await ballast.stop();
    expect((await ask("later")).code).toBe(0);
    expect(existsSync(unsent)).toBe(true);
    await ballast.start();
    expect((await ask("later")).code).toBe(0);
    expect(existsSync(unsent)).toBe(false);
    expect(await ballast.usage("later")).toMatchObject({ inputTokens: 4, outputTokens: 80 });
  });
});
