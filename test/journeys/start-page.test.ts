import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BallastProcess } from "./ballast-process.ts";

/* The page at / in a real browser. Without Chromium on this machine it is skipped, and says so; in CI it must be there. */
const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
if (!program && process.env.BALLAST_REQUIRE_SERVICES === "1") throw new Error("Chromium is required here: apt-get install chromium");
if (!program) console.log("skipped: the start page in a browser (install chromium)");

describe.runIf(program)("the start page", () => {
  let ballast: BallastProcess;
  let browser: Browser;

  beforeAll(async () => {
    ballast = new BallastProcess(
      'providers:\n  - { name: openai, kind: sim, price_list: openai, models: ["gpt-*"] }\ntelemetry: { log_level: warn }\n',
    );
    await ballast.start();
    const args = [
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ];
    browser = await chromium.launch({ executablePath: program!, args, chromiumSandbox: false });
  });
  afterAll(async () => {
    await browser?.close();
    await ballast.remove();
  });

  it("says what to do while there is nothing to see, then shows budgets and calls, without an error", async () => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const errors: string[] = [];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(ballast.url);
    expect(await page.textContent("body")).toContain("curl");
    const { secret } = await ballast.api<{ secret: string }>("POST", "/api/v1/keys", {
      name: "k",
      scope: { tenant: "acme", use_case: "support" },
    });
    await ballast.api("POST", "/api/ai-budget/set", { tenant_id: "acme", model: "gpt-4o-mini", monthly_limit_usd: 12.5 });
    for (let number = 0; number < 5; number++) {
      const body = { model: "gpt-4o-mini", messages: [{ role: "user", content: "hello" }] };
      const answer = await fetch(`${ballast.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
    }
    await new Promise((resolve) => setTimeout(resolve, 800));
    await page.goto(ballast.url);
    const text = (await page.textContent("body"))!;
    for (const word of ["acme", "gpt-4o-mini", "$12.50", "complete"]) expect(text).toContain(word);
    await page.screenshot({ path: join(ballast.folder, "start-page.png"), fullPage: true });
    expect(errors).toEqual([]);
  });
});
