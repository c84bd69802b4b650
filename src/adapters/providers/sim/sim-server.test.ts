import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSimOptions, type SimOptions } from "./sim-options.ts";
import { type Sim, startSim } from "./sim-server.ts";

const main = fileURLToPath(new URL("./sim-main.ts", import.meta.url));

async function ask(url: string, body: object = {}): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hi" }], ...body }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function withSim<T>(options: SimOptions, use: (sim: Sim) => Promise<T>): Promise<T> {
  const sim = await startSim(options);
  try {
    return await use(sim);
  } finally {
    await sim.close();
  }
}

/** Status, output tokens and text of 40 answers, one after the other. */
function history(options: SimOptions): Promise<unknown[]> {
  return withSim(options, async (sim) => {
    const seen: unknown[] = [];
    for (let turn = 0; turn < 40; turn++) {
      const { status, text } = await ask(sim.url);
      const body = JSON.parse(text);
      seen.push([status, body.usage?.completion_tokens, body.choices?.[0].message.content]);
    }
    return seen;
  });
}

describe("options", () => {
  const random: SimOptions = {
    outputTokens: { kind: "lognormal", median: 80, p95: 400 },
    ttftMs: { kind: "exponential", mean: 1 },
    errorRates: { "429": 0.2, "500": 0.1 },
    seed: 7,
  };

  it("the same seed gives the same answers, another seed others", async () => {
    const first = await history(random);
    expect(await history(random)).toEqual(first);
    expect(await history({ ...random, seed: 8 })).not.toEqual(first);
  });

  it("reset plays the same again", async () => {
    await withSim({ outputTokens: { kind: "uniform", min: 1, max: 500 } }, async (sim) => {
      const twice = [];
      for (let turn = 0; turn < 2; turn++) {
        for (let call = 0; call < 5; call++) await ask(sim.url);
        twice.push(sim.stats().billed.map((billed) => billed.outputTokens));
        await fetch(`${sim.url}/__sim/reset`, { method: "POST" });
        expect(sim.stats()).toMatchObject({ requests: 0, outputTokens: 0, billed: [] });
      }
      expect(twice[1]).toEqual(twice[0]);
      expect(new Set(twice[0]).size).toBeGreaterThan(1);
    });
  });

  it("statuses are drawn in their shares, and retry-after with those that mean: later", async () => {
    await withSim({ errorRates: { "429": 0.3, "500": 0.2 }, retryAfterS: 3, dropRate: 0.1 }, async (sim) => {
      const later = new Set<string | null>();
      for (let call = 0; call < 300; call++) {
        const answer = await fetch(`${sim.url}/v1/chat/completions`, {
          method: "POST",
          body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hi" }] }),
        }).catch(() => undefined);
        if (answer?.status === 429) later.add(answer.headers.get("retry-after"));
        if (answer?.status === 500) expect(answer.headers.get("retry-after")).toBeNull();
        await answer?.text().catch(() => undefined);
      }
      const { byStatus, byOutcome } = sim.stats();
      expect(byStatus["429"]).toBeGreaterThan(60);
      expect(byStatus["429"]).toBeLessThan(120);
      expect(byStatus["500"]).toBeGreaterThan(35);
      expect(byOutcome.dropped).toBeGreaterThan(10);
      expect(later).toEqual(new Set(["3"]));
    });
  });

  it("streamChunks cuts the answer into that many pieces, whatever is in one write", async () => {
    for (const chunksPerWrite of [undefined, 1, 7]) {
      const options: SimOptions = chunksPerWrite === undefined ? { streamChunks: 200 } : { streamChunks: 200, chunksPerWrite };
      await withSim(options, async (sim) => {
        const { text } = await ask(sim.url, { stream: true });
        expect(text.split("\n\n").filter((frame) => /"content":"[^"]/.test(frame)).length).toBe(200);
        expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
      });
    }
    await withSim({ streamChunks: 4, outputTokens: 10 }, async (sim) => {
      const { text } = await ask(sim.url, { stream: true });
      const pieces = [...text.matchAll(/"content":"([^"]+)"/g)].map((match) => match[1]!.trim().split(" ").length);
      expect(pieces).toEqual([2, 3, 2, 3]);
    });
  });

  it("cacheReadShare reads a share of each prompt from the cache", async () => {
    await withSim({ cacheReadShare: 0.5 }, async (sim) => {
      await ask(sim.url, { messages: [{ role: "user", content: "a b c d e" }] });
      expect(sim.stats()).toMatchObject({ inputTokens: 5, cachedTokens: 2 });
    });
  });

  it("onlyListedModels refuses the others", async () => {
    await withSim({ models: ["m"], onlyListedModels: true }, async (sim) => {
      expect((await ask(sim.url, { model: "m" })).status).toBe(200);
      expect((await ask(sim.url, { model: "n" })).status).toBe(404);
    });
  });

  it("keeps the last records only, and counts all", async () => {
    await withSim({ keepRecords: 3 }, async (sim) => {
      for (let call = 0; call < 10; call++) await ask(sim.url);
      expect(sim.stats().billed).toHaveLength(3);
      expect(await (await fetch(`${sim.url}/__sim/stats`)).json()).toMatchObject({
        requests: 10,
        outputTokens: 500,
        byEndpoint: { chat: 10 },
      });
    });
  });

  it.each([
    [{ latency: 5 }, "no option latency"],
    [{ ttftMs: -1 }, "ttftMs"],
    [{ errorRates: { "200": 1 } }, "errorRates"],
    [{ outputTokens: { kind: "normal", mean: 4 } }, "outputTokens"],
    [[], "not an object"],
  ])("%j is refused: %s", (options, message) => {
    expect(() => readSimOptions(options)).toThrow(message);
  });
});

describe("concurrent requests", () => {
  it("have ids of their own", async () => {
    await withSim({}, async (sim) => {
      await Promise.all(Array.from({ length: 200 }, () => ask(sim.url)));
      const { billed } = sim.stats();
      expect(new Set(billed.map((one) => one.responseId)).size).toBe(200);
      expect(new Set(billed.map((one) => one.requestId)).size).toBe(200);
    });
  });
});

describe("as a process", () => {
  async function started(...args: string[]) {
    const child = spawn(process.execPath, [main, "--port", "0", ...args], { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = await once(child.stdout, "data");
    return { child, url: JSON.parse(String(line)).url as string };
  }

  it("says where it listens and ends on SIGTERM", async () => {
    const { child, url } = await started("--options", '{"outputTokens":3}');
    expect(JSON.parse((await ask(url)).text).usage.completion_tokens).toBe(3);
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  it("ends when its parent's side of the pipe closes", async () => {
    const { child } = await started();
    child.stdin.end();
    expect((await once(child, "exit"))[0]).toBe(0);
  });
});
