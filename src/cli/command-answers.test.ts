import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { apiClient } from "./api-client.ts";
import { runCli } from "./run-cli.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** A server that gives one answer to everything, and remembers what it was asked. */
async function aServer(status: number, answer: unknown): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const text = await bodyOf(request);
    const { method = "", url: path = "", headers } = request;
    asked.push({ method, path, authorization: headers.authorization, body: text === "" ? undefined : JSON.parse(text) });
    response.writeHead(status, { "content-type": "application/json" }).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const PROBLEM = {
  type: "/problems/role_missing",
  title: "t",
  status: 401,
  code: "role_missing",
  detail: "No token.",
  remedy: "Send one.",
  instance: "i",
};
const HOLD = { id: "h/1", accounts: ["a@b"], held_usd: "2", since: "2026-11-01T00:00:00.000Z", reason: "cut" };
const AMOUNTS = { limit_usd: "5", spent_usd: "0", held_usd: "0", in_doubt_usd: "0", free_usd: "5" };
const KEY = { name: "ci", scope: { tenant: "acme" }, may_name: ["feature", "team"], models: [], expires_at: null };
const SUMS = { calls: 3, refused: 0, cached: 0, unpriced: 0, in_doubt: 0, prompt_tokens: 20, gen_tokens: 10 };
const COSTS = {
  from: "2026-11-01T00:00:00.000Z",
  to: "2026-12-01T00:00:00.000Z",
  group_by: ["tenant"],
  rows: [{ tenant: "acme", ...SUMS, cost_usd: "0.100000000000000001", latency_ms_p50: 12.4, latency_ms_p95: null }],
  total: { ...SUMS, cost_usd: "0.100000000000000001" },
};

describe("the API client", () => {
  it("sends token and body, and returns the answer", async () => {
    const { url, asked } = await aServer(200, { ok: true });
    const client = apiClient({ url, token: "secret" });
    expect(await client.post("/api/v1/keys", { name: "n" })).toEqual({ ok: true });
    await client.get("/api/v1/costs", { window: "24h", tenant: undefined, model: "a b" });
    expect(asked).toEqual([
      { method: "POST", path: "/api/v1/keys", authorization: "Bearer secret", body: { name: "n" } },
      { method: "GET", path: "/api/v1/costs?window=24h&model=a+b", authorization: "Bearer secret", body: undefined },
    ]);
  });

  it("tells the server's own problem", async () => {
    const { url } = await aServer(401, PROBLEM);
    await expect(apiClient({ url, token: undefined }).get("/x")).rejects.toMatchObject({
      name: "ServerRefusal",
      code: "role_missing",
      status: 401,
    });
  });

  it("says when nothing answers, and when something else does", async () => {
    const { url } = await aServer(200, "<html>");
    await expect(apiClient({ url, token: undefined }).get("/x")).rejects.toMatchObject({
      code: "server_unreachable",
      details: { status: 200 },
    });
    const dead = apiClient({ url: "http://127.0.0.1:1", token: undefined });
    await expect(dead.get("/x")).rejects.toThrow("No Ballast server answers at http://127.0.0.1:1");
  });
});

describe("commands against a server", () => {
  it("prints detail, remedy and code of a refusal, and exits with 1", async () => {
    const { url } = await aServer(401, PROBLEM);
    expect(await run("key", "list", "--url", url, "--token", "t")).toEqual({
      code: 1,
      out: "",
      err: "ballast: No token.\nSend one.\nCode: role_missing",
    });
    const asJson = await run("key", "list", "--url", url, "--token", "t", "--json");
    expect([asJson.code, JSON.parse(asJson.out), asJson.err]).toEqual([1, PROBLEM, ""]);
  });

  it("resolves a hold with the amount as it was typed", async () => {
    const { url, asked } = await aServer(200, { hold: HOLD, booked_usd: "0.10" });
    const args = ["hold", "resolve", "h/1", "--cost-usd", "0.10", "--reason", "invoice"];
    expect((await run(...args, "--url", url, "--token", "t")).out).toBe("Booked 0.10 USD for h/1; 2 USD were held.");
    expect(asked[0]).toMatchObject({ path: "/api/v1/holds/h%2F1/resolve", body: { cost_usd: "0.10", reason: "invoice" } });
  });

  it("tells of alerts where they could not be delivered, and of a test that did not arrive", async () => {
    const delivery = { channel: "ops", phase: "raised", state: "dead", due_at: null, attempts: 12, error: "answered 404", sent_at: null };
    const alert = { id: "a1", raised_at: "2026-11-01T00:00:00.000Z", severity: "warning", title: "T", acknowledged_at: null };
    const list = await aServer(200, { alerts: [{ ...alert, deliveries: [delivery] }] });
    const { out } = await run("alert", "list", "--state", "dead", "--url", list.url, "--token", "t");
    expect(out.split("\n")[1]).toMatch(/^a1 +2026-11-01T00:00:00.000Z +warning +T +no +ops dead: answered 404$/);
    expect(list.asked[0]?.path).toBe("/api/v1/alerts?state=dead&limit=100");
    expect((await run("alert", "list", "--state", "ded", "--url", list.url)).code).toBe(2);
    const test = await aServer(202, { alert: { ...alert, deliveries: [{ ...delivery, state: "waiting", attempts: 1 }] } });
    expect(await run("alert", "test", "--channel", "ops", "--url", test.url, "--token", "t")).toMatchObject({
      code: 1,
      out: "The channel ops did not take it: answered 404. Check its settings; the server tries again by itself.",
    });
  });

  it("sets a budget with only what was said", async () => {
    const { url, asked } = await aServer(400, PROBLEM);
    await run(
      "budget",
      "set",
      "tenant=acme,model=x/y",
      "--limit-usd",
      "12.5",
      "--soft",
      "--thresholds",
      "50,80",
      "--url",
      url,
      "--token",
      "t",
    );
    expect(asked[0]).toMatchObject({
      path: "/api/v1/budgets/tenant%3Dacme%2Cmodel%3Dx%2Fy",
      body: { limit_usd: "12.5", hard: false, thresholds: [50, 80] },
    });
    expect((await run("budget", "set", "*", "--limit-usd", "1", "--hard", "--soft")).code).toBe(2);
    const short = ["--on-short", "template", "--template", "Ask again tomorrow."];
    await run("budget", "set", "*", "--limit-usd", "1", ...short, "--url", url, "--token", "t");
    expect(asked[1]!.body).toEqual({ limit_usd: "1", on_short: "template", template: "Ask again tomorrow." });
  });

  it("says in a line per tenant what a limit would have refused", async () => {
    const tenant = {
      tenant: "acme",
      calls: 5,
      cost_usd: "7",
      refused_calls: 2,
      refused_usd: "3.5",
      first_refused_at: "2026-11-02T00:00:00.000Z",
    };
    const place = { scope: "*", limit_usd: "4", window: "month", zone: "UTC", hard: true };
    const period = { from: "2026-11-01T00:00:00.000Z", to: "2026-11-21T00:00:00.000Z" };
    const sums = { calls: 5, cost_usd: "7", refused_calls: 2, refused_usd: "3.5", tenants: [tenant], tenants_omitted: 0 };
    const thresholds = [{ percent: 50, window_start: period.from, crossed_at: "2026-11-01T10:00:00.000Z" }];
    const { url, asked } = await aServer(200, { ...place, ...period, ...sums, thresholds });
    const { code, out } = await run("budget", "preview", "*", "--limit-usd", "4", "--days", "20", "--url", url, "--token", "t");
    expect(asked[0]).toMatchObject({ path: "/api/v1/budgets/preview", body: { scope: "*", limit_usd: "4", days: 20 } });
    expect(code).toBe(0);
    expect([out].flat().join("\n")).toContain("would have refused 2 calls of tenant acme, first at 2026-11-02T00:00:00.000Z, 3.5 USD");
    expect((await run("budget", "preview", "*", "--limit-usd", "4", "--days", "0", "--url", url, "--token", "t")).code).toBe(2);
  });

  it("says what a budget that was set covers, beside the table", async () => {
    const account = {
      spent_usd: "0",
      held_usd: "0",
      in_doubt_usd: "0",
      free_usd: "5",
      percent_used: 0,
      window_end: "2026-12-01T00:00:00.000Z",
    };
    const budget = { id: "tenant=acme", scope: { tenant: "acme" }, limit_usd: "5", window: "month", hard: true, account };
    const { url } = await aServer(200, { budget, notes: ["It covers much.", "ballast.yaml names it too."] });
    const { out, err } = await run("budget", "set", "tenant=acme", "--limit-usd", "5", "--url", url, "--token", "t");
    expect([out.split("\n").length, err]).toEqual([2, "It covers much.\nballast.yaml names it too."]);
  });

  it("asks for a dry run of a key, a limit, a raise and a reset, and says that nothing was changed", async () => {
    const account = { id: "a@w", window_start: "s", window_end: "e", ...AMOUNTS, percent_used: 0 };
    const budget = { id: "a", scope: {}, window: "month", limit_usd: "5", hard: true, account };
    const raise = { id: "r1", amount_usd: "2", begins_at: "s", ends_at: "e", state: "active", approver: "CFO", reason: "launch" };
    const change = { id: "a", action: "change", fields: [{ field: "limit_usd", before: "4", after: "5" }] };
    const answer = { dry_run: true, key: KEY, budget, change, raise, credited_usd: "1", notes: [] };
    const { url, asked } = await aServer(200, answer);
    const ask = (...args: string[]) => run(...args, "--dry-run", "--url", url, "--token", "t");
    const why = ["--approver", "CFO", "--reason", "launch"];
    const said = [
      await ask("key", "create", "--name", "ci", "--tenant", "acme"),
      await ask("budget", "set", "a", "--limit-usd", "5"),
      await ask("budget", "raise", "a", "--by-usd", "2", "--until", "2027-01-01", ...why),
      await ask("budget", "raise-end", "r1"),
      await ask("budget", "reset", "a", "--amount-usd", "1", ...why),
    ];
    expect(said.map(({ code, err }) => [code, err])).toEqual([
      [0, "A dry run: no key was made."],
      [0, "A dry run: nothing was changed. change a: limit_usd 4 -> 5"],
      [0, "A dry run: nothing was changed."],
      [0, "A dry run: nothing was changed."],
      [0, "1 USD would be credited. A dry run: nothing was changed."],
    ]);
    expect(said[2]!.out).toContain("+2 USD from s until e, active, approved by CFO: launch (r1)");
    expect(asked.map(({ path }) => path)).toEqual([
      "/api/v1/keys?dry_run=true",
      "/api/v1/budgets/a?dry_run=true",
      "/api/v1/budgets/a/raises?dry_run=true",
      "/api/v1/raises/r1/end?dry_run=true",
      "/api/v1/budgets/a/reset?dry_run=true",
    ]);
    expect(asked[4]!.body).toEqual({ amount_usd: "1", approver: "CFO", reason: "launch" });
  });

  it("sends a file of budgets, says what changes, and names the places of what is wrong in it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-import-"));
    const file = join(folder, "plan.csv");
    writeFileSync(file, "scope,limit_usd\ntenant=a,5\n");
    const changes = [{ id: "tenant=a", action: "change", fields: [{ field: "limit_usd", before: "4", after: "5" }] }];
    const good = await aServer(200, { dry_run: true, created: 0, changed: 1, unchanged: 2, changes, notes: ["A note."] });
    const said = await run("budget", "import", file, "--dry-run", "--reason", "plan", "--url", good.url, "--token", "t");
    expect(said).toEqual({
      code: 0,
      out: "change tenant=a: limit_usd 4 -> 5\n0 created, 1 changed, 2 unchanged.",
      err: "A note.\nA dry run: nothing was changed.",
    });
    const body = { format: "csv", text: "scope,limit_usd\ntenant=a,5\n", reason: "plan" };
    expect(good.asked[0]).toMatchObject({ path: "/api/v1/budgets/import?dry_run=true", body });
    const problems = [{ line: 2, column: 10, field: "limit_usd", message: "is wrong" }];
    const bad = await aServer(400, { ...PROBLEM, code: "import_invalid", detail: "Nothing was imported.", problems });
    const refused = await run("budget", "import", file, "--url", bad.url, "--token", "t");
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(`\n  ${file}:2:10 limit_usd: is wrong\n`) });
    expect(await run("budget", "import", join(folder, "none.csv"))).toMatchObject({
      code: 2,
      err: expect.stringContaining("There is no file"),
    });
    expect(await run("budget", "import", join(folder, "plan.txt"))).toMatchObject({
      code: 2,
      err: expect.stringContaining("neither csv nor yaml"),
    });
    rmSync(folder, { recursive: true });
  });

  it("draws the tree of budgets, each once with what is in it, and says where limits sum to more", async () => {
    const node = (id: string, children: string[], parents: string[]) => ({
      id,
      window: "month",
      hard: true,
      limit_usd: "5",
      spent_usd: "1",
      parents,
      children,
    });
    const budgets = [
      node("*", ["a", "m"], []),
      node("a", ["am"], ["*"]),
      node("m", ["am"], ["*"]),
      node("am", ["x"], ["a", "m"]),
      node("x", [], ["am"]),
    ];
    const { url } = await aServer(200, { budgets, warnings: ["Too much."] });
    const { out, err } = await run("budget", "tree", "--url", url);
    expect(
      out
        .split("\n")
        .slice(1)
        .map((line) => line.slice(0, 24).trimEnd()),
    ).toEqual([
      "*                  month",
      "  a                month",
      "    am             month",
      "      x            month",
      "  m                month",
      "    am, see above  month",
    ]);
    expect(err).toBe("Too much.");
  });

  it("prints an export as it came", async () => {
    const { url, asked } = await aServer(200, "budgets:\n  - id: a");
    expect((await run("budget", "export", "--format", "yaml", "--url", url)).out).toBe("budgets:\n  - id: a");
    expect(asked[0]?.path).toBe("/api/v1/budgets?format=yaml");
    const refusing = await aServer(401, PROBLEM);
    expect(await run("budget", "export", "--url", refusing.url)).toMatchObject({ code: 1, out: "" });
  });

  it("puts the secret of a new key alone on stdout", async () => {
    const { url, asked } = await aServer(201, { key: { ...KEY, id: "k1" }, secret: "bk-secret" });
    const { out, err } = await run(
      "key",
      "create",
      "--name",
      "ci",
      "--tenant",
      "acme",
      "--may-name",
      "feature,team",
      "--use-case",
      "u",
      "--url",
      url,
      "--token",
      "t",
    );
    expect(out).toBe("bk-secret");
    expect(err).toContain("k1");
    expect(err).toContain("ci: scope tenant=acme; callers may name feature, team; models all; expires never");
    expect(asked[0]?.body).toEqual({ name: "ci", scope: { tenant: "acme", use_case: "u" }, may_name: ["feature", "team"], models: [] });
  });

  it("shows usage as table, CSV and JSON, with every digit of the cost", async () => {
    const { url, asked } = await aServer(200, COSTS);
    const report = (...more: string[]) =>
      run("report", "usage", "--since", "month", "--by", "tenant", "--url", url, "--token", "t", ...more);
    const lines = (await report()).out.split("\n");
    expect(lines[3]).toMatch(/^acme +3 +0 .* 0\.100000000000000001 +12 +–$/);
    expect(lines[4]).toMatch(/^total +3 .* 0\.100000000000000001$/);
    expect((await report("--csv")).out.split("\r\n")[1]).toBe("acme,3,0,0,0,0,20,10,0.100000000000000001,12.4,");
    expect(JSON.parse((await report("--json")).out)).toEqual(COSTS);
    expect(asked[0]?.path).toBe("/api/v1/costs?window=month&group_by=tenant");
    expect((await report("--json", "--csv")).code).toBe(2);
    expect((await run("report", "usage", "--since", "2h")).err).toContain("1h, 24h, 7d, 30d, month");
    expect((await run("report", "usage", "--by", "tenant,modle")).err).toContain("Did you mean model?");
  });

  it("tells a month that is priced again line by line, with what is beside it, and asks for a dry run where it is told to", async () => {
    const totals = { unpriced: 0, without_list_price: 0, list_usd: "9", contracted_usd: "8", billed_usd: "10" };
    const line = { provider: "openai", model: "gpt-4o", unit: "input", count: "1000", per: "million tokens" };
    const priced = { old_price_id: "a", new_price_id: "b", old_price_usd: null, new_price_usd: "2.5" };
    const answer = {
      month: "2026-10",
      as_known_at: "2026-11-20T00:00:00.000Z",
      remembered_since: "2026-09-01T00:00:00.000Z",
      repricing: "repricing_1",
      booked: { calls: 3, unknown: 1, contracted_usd: "8.5" },
      before_usd: "8.5",
      known_then: { calls: 2, ...totals },
      known_now: { calls: 2, ...totals },
      lines: [{ ...line, ...priced, old_amount_usd: "0", new_amount_usd: "0.0025", difference_usd: "0.0025" }],
      rounding_usd: "0.000000000000000001",
      booked_otherwise_usd: "-0.5",
      corrected_calls: 2,
      difference_usd: "0.502500000000000001",
      after_usd: "9.002500000000000001",
      kept: [{ reason: "estimated", calls: 1, cost_usd: "0.5" }],
      tenants: [{ tenant: "acme", contracted_usd: "8", billed_usd: "10" }],
      commitments: [{ contract: "c", provider: "openai", committed_usd: "50", used_usd: "8", shortfall_usd: "42" }],
    };
    const { url, asked } = await aServer(200, answer);
    const reprice = (...more: string[]) => run("price", "reprice", "--month", "2026-10", ...more, "--url", url, "--token", "t");
    const { code, out } = await reprice("--as-known-at", "2026-11-20");
    expect(code).toBe(0);
    expect(out).toMatch(/as booked +3 +8\.5 +1/);
    expect(out).toMatch(/openai +gpt-4o +input +1000 +– +2\.5 +million tokens +0\.0025/);
    expect(out).toMatch(/corrected before +0\.5/);
    expect(out).toMatch(/estimated +1 +0\.5/);
    expect(out).toMatch(/acme +8 +10/);
    expect(out).toMatch(/c +openai +50 +8 +42/);
    expect(out.split("\n").at(-1)).toBe("2 calls are corrected, and 8.5 USD become 9.002500000000000001 USD. The facts carry repricing_1.");
    expect(asked[0]).toMatchObject({
      method: "POST",
      path: "/api/v1/prices/reprice",
      body: { month: "2026-10", as_known_at: "2026-11-20" },
    });
    expect(JSON.parse((await reprice("--dry-run", "--json")).out)).toEqual(answer);
    expect(asked[1]?.path).toBe("/api/v1/prices/reprice?dry_run=true");
    expect((await run("price", "reprice", "--url", url)).code).toBe(2);
  });

  it("takes a model without price, and books that do not agree, as findings", async () => {
    const prices = await aServer(200, { at: "2026-11-01T00:00:00.000Z", prices: [] });
    expect(await run("price", "show", "openai", "gpt-9", "--url", prices.url, "--token", "t")).toMatchObject({ code: 1, err: "" });
    const warehouse = { checked: false, traces: 0, booked_usd: null };
    const books = {
      ok: false,
      findings: ["Lost a cent."],
      entries: 1,
      accounts: 1,
      audit_rows: 0,
      outbox: { waiting: 0, parked: 0 },
      in_doubt_holds: 0,
      warehouse,
    };
    const verify = await aServer(200, books);
    const { code, out } = await run("verify", "--url", verify.url, "--token", "t");
    expect([code, out.split("\n")[0]]).toEqual([1, "finding: Lost a cent."]);
  });
});
