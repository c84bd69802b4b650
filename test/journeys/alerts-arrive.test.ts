import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import type { AlertsAnswer } from "../../src/contract/alerts-contract.ts";
import { BallastProcess } from "./ballast-process.ts";

/* The real program, killed while a message is on its way. */
const SECRET_PATH = "/services/T0/B0/hook-secret-77";
const KEY = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;

interface Hook {
  readonly server: Server;
  readonly url: string;
  readonly got: { headers: IncomingHttpHeaders; title: string }[];
  answers: boolean;
}

async function aHook(): Promise<Hook> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    hook.got.push({ headers: request.headers, title: (JSON.parse(body) as { data: { title: string } }).data.title });
    if (hook.answers) response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hook: Hook = { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got: [], answers: true };
  return hook;
}

let hook: Hook;
let silent: Hook;
let ballast: BallastProcess;
beforeAll(async () => {
  [hook, silent] = [await aHook(), await aHook()];
  hook.answers = false;
  silent.answers = false;
  ballast = new BallastProcess(
    [
      "stores: { warehouse: none }",
      "budgets: [{ scope: { tenant: acme }, limit_usd: 10, thresholds: [50, 100] }]",
      "notify:",
      "  retry: { attempts: 1 }",
      "  channels:",
      `    - { name: hook, kind: webhook, url: "${hook.url}${SECRET_PATH}", signing_key: "${KEY}", timeout_ms: 60000 }`,
      `    - { name: silent, kind: webhook, url: "${silent.url}${SECRET_PATH}", signing_key: "${KEY}", timeout_ms: 60000 }`,
      "  routes: [{ channels: [hook, silent] }]",
      "telemetry: { log_level: trace }",
    ].join("\n"),
  );
  await ballast.start();
});
afterAll(async () => {
  await ballast.remove();
  for (const { server } of [hook, silent]) {
    server.closeAllConnections();
    server.close();
  }
});

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within 15 s: ${what}\n${ballast.output}`);
}

async function spend(usd: string): Promise<number> {
  const begun = performance.now();
  const body = { tenant_id: "acme", model: "m", prompt_tokens: 1, completion_tokens: 1, cost_usd: usd };
  await ballast.api("POST", "/api/ai-budget/track", body);
  return performance.now() - begun;
}

async function cli(...args: string[]) {
  const out: string[] = [];
  const say = (line: string) => out.push(line);
  const code = await runCli([...args, "--url", ballast.url, "--token", ballast.adminToken], { out: say, err: say });
  return { code, out: out.join("\n") };
}

describe("an alert", () => {
  it("arrives under the same id after kill -9 in the middle of its sending, and then once", async () => {
    await spend("6");
    await until("the first message is on its way", () => hook.got.length === 1);
    await ballast.kill("SIGKILL");
    hook.answers = true;
    await ballast.start();
    await until("it is sent again", () => hook.got.length === 2);
    const [first, second] = hook.got.map(({ headers }) => headers["webhook-id"]);
    expect(second).toBe(first);
    await until("it counts as sent", async () => {
      const { alerts } = await ballast.api<AlertsAnswer>("GET", "/api/v1/alerts");
      return alerts[0]?.deliveries.find(({ channel }) => channel === "hook")?.state === "sent";
    });
    expect(hook.got.map(({ title }) => title)).toEqual(["Budget tenant=acme reached 50 %", "Budget tenant=acme reached 50 %"]);
  });

  it("reaches one channel while another is silent, and holds up no booking", async () => {
    await until("the silent one is being waited for", () => silent.got.length > 0);
    const took: number[] = [];
    for (let number = 0; number < 20; number++) took.push(await spend("0.1"));
    await spend("3");
    await until("the other has heard", () => hook.got.some(({ title }) => title === "Budget tenant=acme reached 100 %"));
    expect(took.sort((a, b) => a - b)[10]).toBeLessThan(250);
  });

  it("is acknowledged, tested, listed and replayed from the command line", async () => {
    const { alerts } = await ballast.api<AlertsAnswer>("GET", "/api/v1/alerts");
    const critical = alerts.find(({ severity }) => severity === "critical")!;
    expect((await cli("alert", "ack", critical.id, "--reason", "on it")).out).toContain("acknowledged by admin");
    expect((await cli("alert", "list")).out).not.toContain(critical.id);
    expect((await cli("alert", "list", "--state", "acknowledged")).out).toContain(critical.id);
    expect(await cli("alert", "test", "--channel", "hook")).toEqual({ code: 0, out: "The channel hook took it." });
    expect((await cli("alert", "test", "--channel", "hok")).out).toContain("there are hook, silent, log");
    expect((await cli("alert", "replay", critical.id)).code).toBe(1);

    silent.server.closeAllConnections();
    await until("the silent one is given up", async () => (await cli("alert", "list", "--state", "dead")).out.includes("silent dead"));
    const [dead] = (await ballast.api<AlertsAnswer>("GET", "/api/v1/alerts?state=dead")).alerts;
    silent.answers = true;
    expect((await cli("alert", "replay", dead!.id, "--channel", "silent")).out).toContain("1 delivery is due again.");
    await until("it is no longer dead", async () => {
      const { deliveries } = (await ballast.api<{ alert: AlertsAnswer["alerts"][number] }>("GET", `/api/v1/alerts/${dead!.id}`)).alert;
      return deliveries.every(({ state }) => state === "sent");
    });
    const audit = await ballast.api<{ audit: { action: string }[] }>("GET", "/api/v1/audit");
    const actions = audit.audit.map(({ action }) => action).filter((action) => action.startsWith("alert."));
    expect(actions).toEqual(["alert.replay", "alert.test", "alert.ack"]);
  });

  it("stops in order, and left no address or key in logs or rows", async () => {
    expect(await ballast.kill("SIGTERM")).toBe(0);
    const folder = join(ballast.folder, "data");
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const all = [ballast.output, ...files.map((file) => readFileSync(join(file.parentPath, file.name), "latin1"))].join("\n");
    expect(all).toContain("could not be delivered");
    for (const secret of ["hook-secret-77", KEY.slice(6)]) expect([secret, all.includes(secret)]).toEqual([secret, false]);
  });
});
