// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the settings' own placeholders look like that
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../contract/problem.ts";
import { parsePriceRows } from "../core/pricing/price-row.ts";
import { packageRoot } from "../std/package-root.ts";
import type { ConfigFinding } from "./config-finding.ts";
import type { Config } from "./config-schema.ts";
import { type ConfigOverrides, findConfigFile, isLoopback, parseConfig, readConfig } from "./read-config.ts";

const variables =
  (values: Record<string, string> = {}) =>
  (name: string) =>
    values[name];

function parse(text: string, env: Record<string, string> = {}, overrides?: ConfigOverrides): Config {
  return parseConfig(text, "ballast.yaml", { environment: variables(env), overrides });
}

/** "line:column setting: message" of everything that is wrong. */
function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "config_invalid") throw error;
    return (error.details.problems as ConfigFinding[]).map(
      ({ line, column, setting, message }) => `${line}:${column} ${setting}: ${message}`,
    );
  }
  return [];
}
const wrongIn = (text: string, env: Record<string, string> = {}) => problemsOf(() => parse(text, env));

describe("what holds", () => {
  it("is the defaults when nothing is set", () => {
    const config = parse("");
    expect(config.listen).toEqual({ host: "127.0.0.1", port: 3010 });
    expect(config.default_budget).toEqual({
      limit_usd: "1000",
      window: "month",
      zone: "UTC",
      hard: true,
      on_short: "deny",
      on_store_down: "deny",
      thresholds: [50, 75, 80, 90, 100],
      warn_percent: 80,
    });
    expect(config.gateway).toEqual({
      max_body_bytes: 33554432,
      max_answer_bytes: 67108864,
      answer_cache_bytes: 67108864,
      body_timeout_ms: 30000,
      default_max_output_tokens: 4096,
      ignored_usage_keys: [],
      unbounded_input: "refuse",
      drain_max_usd: "0.50",
      drain_max_ms: 30000,
      workers: 1,
      recall_wait_ms: 250,
      idempotency_ttl_hours: 24,
      idempotency_max_bytes: 1048576,
    });
    expect([config.budgets, config.providers, config.routes, config.prices]).toEqual([[], [], [], []]);
    expect([config.stores.warehouse, config.api.open_reads, config.telemetry.log_level]).toEqual(["chdb", "auto", "info"]);
    expect(config.data_dir).toBe(join(process.cwd(), "data"));
    expect(config.admin_token).toBeUndefined();
  });

  it("is the same for a file of comments, and for settings whose lines are all commented out", () => {
    expect(parse("# nothing\n")).toEqual(parse(""));
    expect(parse("budgets:\n  # - scope: {}\nlisten:\nproviders:\n")).toEqual(parse(""));
  });

  it("has no default budget only when null is written", () => {
    expect(parse("default_budget: null").default_budget).toBeNull();
    expect(wrongIn("default_budget:\n  # limit_usd: 5\n")).toEqual([
      "1:16 default_budget: is empty; write null for none, or leave the line out for the default",
    ]);
  });

  it("takes an amount by its digits, quoted or not", () => {
    const limits = (text: string) => parse(`default_budget: { limit_usd: ${text} }`).default_budget?.limit_usd;
    expect(limits("1000.10")).toBe("1000.10");
    expect(limits('"0.000000001"')).toBe("0.000000001");
    expect(limits("0")).toBe("0");
  });

  it("fills in what depends on a provider's kind", () => {
    const { providers } = parse(`
providers:
  - { name: openai, kind: openai, base_url: "http://127.0.0.1:9/v1/" }
  - { name: claude, kind: anthropic }
  - { name: groq, kind: openai-compatible, base_url: https://api.groq.com/openai/v1 }
  - { name: sim, kind: sim, options: { ttftMs: 5, errorRates: { 429: 0.5 } } }
`);
    expect(providers.map(({ base_url }) => base_url)).toEqual([
      "http://127.0.0.1:9",
      "https://api.anthropic.com",
      "https://api.groq.com/openai",
      undefined,
    ]);
    expect(providers.map(({ price_list }) => price_list)).toEqual(["openai", "anthropic", "groq", "sim"]);
    expect(providers.map(({ models }) => models?.[0])).toEqual(["gpt-*", "claude-*", undefined, undefined]);
    expect(providers[2]).toMatchObject({ max_tokens_field: "max_tokens", retries: 2, headers: {}, headers_timeout_ms: 120000 });
    expect(providers[3]!.options).toEqual({ ttftMs: 5, errorRates: { "429": 0.5 } });
  });

  it("takes from its tier what a budget does not say itself, and knows the tiers of the guide", () => {
    const { budgets, tiers } = parse(`
tiers:
  - { name: starter, limit_usd: 600, hard: false, warn_percent: 70 }
  - { name: gold, limit_usd: 1 }
budgets:
  - { scope: { tenant: a }, tier: starter }
  - { scope: { tenant: b }, tier: starter, hard: true, limit_usd: 5 }
  - { scope: { tenant: c }, tier: enterprise }
`);
    expect(budgets.map(({ limit_usd, hard, warn_percent }) => [limit_usd, hard, warn_percent])).toEqual([
      ["600", false, 70],
      ["5", true, 70],
      ["10000", true, 80],
    ]);
    const limits = Object.fromEntries(tiers.map(({ name, limit_usd }) => [name, limit_usd]));
    expect(limits).toEqual({ professional: "2000", enterprise: "10000", custom: "50000", starter: "600", gold: "1" });
  });

  it.each([
    ["budgets: [{ scope: {} }]", "1:11 budgets[0]: `limit_usd` is missing; write it, or name a tier"],
    ["budgets: [{ scope: {}, tier: startr }]", "1:24 budgets[0].tier: there is no tier `startr`, did you mean `starter`?"],
    ["tiers: [{ name: a, limit_usd: 1, on_short: template }]", "1:9 tiers[0]: `template` is missing, which on_short: template needs"],
    ["tiers: [{ name: a, limit_usd: 1 }, { name: a, limit_usd: 2 }]", "1:38 tiers[1].name: another tier has this name"],
    ["tiers: [{ name: a, limit_usd: 1, thresholds: [50, 50] }]", "1:34 tiers[0].thresholds: expected rising percents, found 50 after 50"],
  ])("refuses %s", (text, expected) => {
    expect(() => parse(text)).toThrow(expected.slice(expected.indexOf(" ") + 1));
  });

  it("names a budget after its scope and window unless it has a name", () => {
    const { budgets } = parse(`
budgets:
  - { scope: { model: gpt-4o, tenant: acme }, limit_usd: 5 }
  - { scope: {}, limit_usd: 5 }
  - { scope: { tenant: acme }, limit_usd: 5, window: day }
  - { id: mine, scope: { tenant: birch }, limit_usd: 5, covers: rest }
`);
    expect(budgets.map(({ id }) => id)).toEqual(["tenant=acme,model=gpt-4o", "*", "tenant=acme,window=day", "mine"]);
    expect(budgets[3]).toMatchObject({ covers: "rest", hard: true, limit_usd: "5", thresholds: [50, 75, 80, 90, 100] });
  });

  it("lets the command line go before the file", () => {
    const config = parse("listen: { port: 1, host: localhost }\ndata_dir: /one", {}, { port: 2, data_dir: "/two" });
    expect([config.listen, config.data_dir]).toEqual([{ host: "localhost", port: 2 }, "/two"]);
  });

  it("hands out prices that the price book reads", () => {
    const { prices } = parse(`
prices:
  - { provider: sim, model: a, input_mtok: 0.15, output_mtok: "0.6", valid_from: 2026-01-01, tiers: [{ above: 1000, input_mtok: 1 }] }
  - { provider: sim, model: b, free: true }
`);
    expect(parsePriceRows(prices, "prices").map(({ models, free }) => [models, free])).toEqual([
      [["a"], false],
      [["b"], true],
    ]);
    expect(prices[0]!.input_mtok).toBe("0.15");
  });

  it("does not share defaults between readings", () => {
    const changed = parse("");
    changed.default_budget!.thresholds.push(1000);
    expect(parse("").default_budget!.thresholds).toEqual([50, 75, 80, 90, 100]);
  });
});

describe("the environment", () => {
  it("is put into values, in the type that the setting has", () => {
    const config = parse('listen:\n  port: ${PORT}\ndefault_budget: { hard: "${HARD}", limit_usd: "${LIMIT:-7}" }\ndata_dir: /a/${X}/b', {
      PORT: "8080",
      HARD: "false",
      X: "${PORT}",
    });
    expect(config.listen.port).toBe(8080);
    expect(config.default_budget).toMatchObject({ hard: false, limit_usd: "7" });
    expect(config.data_dir).toBe("/a/${PORT}/b");
  });

  it("stands in with its default when a variable is unset or empty", () => {
    expect(parse("data_dir: ${A:-/x}").data_dir).toBe("/x");
    expect(parse("data_dir: ${A:-/x}", { A: "" }).data_dir).toBe("/x");
  });

  it("leaves a setting to its default when nothing is put in", () => {
    const config = parse("admin_token: ${T:-}\nlisten: { port: '${P:-}' }\nproviders: [{ name: a, kind: openai, api_key: '${K:-}' }]");
    expect(config.listen.port).toBe(3010);
    expect([config.admin_token, config.providers[0]!.api_key]).toEqual([undefined, undefined]);
    expect(wrongIn("providers: [{ name: '${N:-}', kind: sim }]")).toEqual(["1:15 providers[0]: `name` is missing"]);
  });

  it("keeps $${ as a plain ${, and refuses what is no placeholder", () => {
    expect(parse("data_dir: /$${A}").data_dir).toBe("/${A}");
    expect(wrongIn("data_dir: ${a b}")[0]).toContain("expected ${NAME} or ${NAME:-default}");
    expect(wrongIn("data_dir: ${A}")).toEqual(["1:11 data_dir: the environment has no A; set it, or write ${A:-default}"]);
  });

  it("cannot add settings", () => {
    expect(parse("data_dir: ${A}", { A: "x\nadmin_token: 12345678" }).admin_token).toBeUndefined();
  });

  it("gives the admin token when the file has none", () => {
    expect(parse("", { BALLAST_ADMIN_TOKEN: "from-environment" }).admin_token).toBe("from-environment");
    expect(parse("admin_token: from-the-file", { BALLAST_ADMIN_TOKEN: "from-environment" }).admin_token).toBe("from-the-file");
  });

  it.each([
    ["memory", true],
    ["redis://cache.example:6379/0", true],
    ["rediss://user:p%40ss@10.0.0.7", true],
    ["redis://cache.example/one", false],
    ["redis://", false],
    ["redis", false],
    ["http://cache.example", false],
    ["redis://cache.example?prefix=a", false],
  ])("takes %s as a shared cache: %s", (cache, isTaken) => {
    const problems = wrongIn(`stores: { cache: "${cache}" }`);
    expect(problems).toEqual(isTaken ? [] : [expect.stringContaining("stores.cache: expected memory, or the redis:// or rediss:// URL")]);
    if (!isTaken && cache.includes("://c")) expect(problems.join()).not.toContain("cache.example");
  });

  it("is never repeated in a message, nor is a secret of the file", () => {
    const secret = "s3cr3t value";
    const text = `
admin_token: \${S}
listen: { port: "\${S}", host: "\${S}" }
stores: { warehouse: "\${S}" }
api: { open_reads: "\${S}" }
default_budget: { limit_usd: "\${S}", zone: "\${S}" }
providers:
  - { name: "\${S}!", kind: "\${S}", base_url: "\${S}", api_key: 123456789, headers: { a: [s3cr3t value] } }
  - { name: b, kind: openai, base_url: "https://me:s3cr3t value@example.com" }
`;
    const problems = wrongIn(text, { S: secret, BALLAST_ADMIN_TOKEN: secret });
    expect(problems).toHaveLength(14);
    expect(problems.join("\n")).not.toMatch(/s3cr3t|123456789/);
    expect(problems.join("\n")).toContain("listen.port: expected a whole number from 0 to 65535, found another value in S");
    expect(problemsOf(() => parse("", { BALLAST_ADMIN_TOKEN: secret })).join()).not.toContain("s3cr3t");
  });
});

describe("what is wrong", () => {
  it("is told all at once, with its place, the setting and the nearest word", () => {
    expect(
      wrongIn(`data_dir: 5
listen:
  prot: 80
  port: "80"
telemetri: {}
default_budget:
  thresholdz: [1]
  window: mnth
  hard: yes
  limit_usd: -1
  zone: Europe/Berln
  thresholds: [50, 50]
budgets:
  - scope: { tenant: "a,b", tenat: x }
  - { limit_usd: 1e12, scope: {} }
  - { limit_usd: 0.0000000001, scope: {} }
  - 7
port: 8080
`),
    ).toEqual([
      "1:11 data_dir: expected text, found 5; put it in quotes",
      "3:3 listen: unknown setting `prot`, did you mean `port`?",
      '4:9 listen.port: expected a whole number from 0 to 65535, found "80"',
      "5:1 : unknown setting `telemetri`, did you mean `telemetry`?",
      "7:3 default_budget: unknown setting `thresholdz`, did you mean `thresholds`?",
      '8:11 default_budget.window: expected one of day, week, month, quarter, year, run, found "mnth", did you mean `month`?',
      '9:9 default_budget.hard: expected true or false, found "yes"',
      "10:14 default_budget.limit_usd: expected a decimal number of USD from 0 to 1 billion, with at most 9 decimal places, found -1",
      '11:9 default_budget.zone: expected an IANA time zone such as Europe/Berlin, found "Europe/Berln"',
      '14:22 budgets[0].scope.tenant: expected letters, digits and . _ : @ / + - and space, at most 128 characters, found "a,b"',
      "14:29 budgets[0].scope: unknown setting `tenat`, did you mean `tenant`?",
      "15:18 budgets[1].limit_usd: expected a decimal number of USD from 0 to 1 billion, with at most 9 decimal places, found 1e12",
      "16:18 budgets[2].limit_usd: expected a decimal number of USD from 0 to 1 billion, with at most 9 decimal places, found 0.0000000001",
      "17:5 budgets[3]: expected settings, found 7",
      "18:1 : unknown setting `port`, did you mean `listen.port`?",
    ]);
  });

  it("includes an on_short without the model or the text that it takes", () => {
    const text = "default_budget: { on_short: template }\nbudgets:\n  - { scope: {}, limit_usd: 1, on_short: fallback_model }\n";
    expect(wrongIn(text)).toEqual([
      "1:1 default_budget: `template` is missing, which on_short: template needs",
      "3:5 budgets[0]: `fallback_model` is missing, which on_short: fallback_model needs",
    ]);
  });

  it("includes a window of runs where no run is named, and a budget of runs without a limit", () => {
    const text = "default_budget: { window: run }\nrun_budget: {}\nbudgets:\n  - { scope: { tenant: a }, limit_usd: 1, window: run }\n";
    expect(wrongIn(text)).toEqual([
      "1:19 default_budget.window: run is for budgets whose scope names a run; see run_budget",
      "2:13 run_budget: `limit_usd` is missing",
      "4:43 budgets[0].window: run is for budgets whose scope names a run",
    ]);
  });

  it("includes what does not fit together", () => {
    expect(
      wrongIn(`listen: { host: 0.0.0.0 }
default_budget: { thresholds: [80, 50] }
budgets:
  - { scope: { tenant: a }, limit_usd: 1 }
  - { scope: { tenant: a }, limit_usd: 2 }
  - { id: x, scope: { tenant: b }, limit_usd: 2, covers: rest }
  - { id: x, scope: { team: b }, limit_usd: 2, covers: rest }
providers:
  - { name: openai, kind: openai, options: { seed: 1 }, headers: { Host: x, "a b": y } }
  - { name: openai, kind: openai-compatible }
routes:
  - { model: w, targets: [{ provider: opnai, model: m }, { provider: openai, model: m }] }
  - { model: w, targets: [] }
  - { model: w, targets: [{ provider: openai, model: m }] }
prices:
  - { provider: p, model: m }
  - { provider: p, model: m, free: true, input_mtok: 1 }
  - { provider: p, model: m, input_mtok: 1, valid_from: 2026-02-01, valid_to: 2026-01-01 }
  - { provider: p, model: m, input_mtok: 1, valid_from: 2026-02-30 }
`),
    ).toEqual([
      "1:11 listen.host: other machines can reach 0.0.0.0, so an admin_token is needed; set admin_token or BALLAST_ADMIN_TOKEN",
      "2:19 default_budget.thresholds: expected rising percents, found 50 after 80",
      "5:7 budgets[1].scope: another budget has this scope and window",
      "7:7 budgets[3].id: another budget has this id",
      "7:48 budgets[3].covers: can be rest only on a budget whose scope is one tenant",
      "9:35 providers[0].options: only kind sim has options, this is openai",
      "9:74 providers[0].headers.Host: is written by Ballast itself",
      "9:84 providers[0].headers.a b: is no name of a header",
      "10:5 providers[1]: `base_url` is missing; kind openai-compatible has no default",
      "10:7 providers[1].name: another provider has this name",
      "12:29 routes[0].targets[0].provider: there is no provider `opnai`, did you mean `openai`?",
      "13:26 routes[1].targets: expected at least 1 entry, found none",
      "14:7 routes[2].model: another route has this model",
      "16:5 prices[0]: a price is required, or free: true",
      "17:5 prices[1]: free: true leaves no room for a price",
      "18:5 prices[2]: valid_to must be after valid_from",
      expect.stringMatching(/^19:57 prices\[3\].valid_from: expected a day such as/),
    ]);
  });

  it("is a hold for models without a list price at a provider whose own word does not count", () => {
    const paid = (more: string) => `providers:\n  - { name: paid, kind: openai, unlisted_hold_usd: 1${more} }\n`;
    expect(wrongIn(paid(""))).toEqual(["2:33 providers[0].unlisted_hold_usd: goes only with `price: provider_reported`"]);
    expect(wrongIn(paid(", price: provider_reported"))).toEqual([]);
  });

  it("is an open door: a host that others can reach, without an admin token", () => {
    const open = "listen: { host: 0.0.0.0 }";
    expect(wrongIn(open)).toHaveLength(1);
    expect(wrongIn(open, { BALLAST_ADMIN_TOKEN: "long-enough" })).toEqual([]);
    expect(problemsOf(() => parse("", {}, { host: "10.0.0.1" }))).toEqual([expect.stringContaining("0:0 listen.host: other machines")]);
  });

  it("is named when the file is no YAML, has a tag, or says a thing twice", () => {
    expect(wrongIn("listen: [1\n")[0]).toMatch(/^\d:\d : /);
    expect(wrongIn("data_dir: !secret x")).toEqual([expect.stringContaining("Unresolved tag: !secret")]);
    expect(wrongIn("data_dir: a\ndata_dir: b")).toEqual(["2:1 : this setting is there twice"]);
    expect(wrongIn("- 1")).toEqual(["1:1 : expected settings, found a list"]);
    expect(wrongIn("data_dir: a\n---\ndata_dir: b")).toEqual([expect.stringContaining("multiple documents")]);
    expect(wrongIn("listen: { port: ${PORT} }")[0]).toContain("a value with ${NAME} needs quotes");
  });

  it("is a bomb of aliases, or one that holds itself", () => {
    const levels = Array.from({ length: 30 }, (_, level) => `  l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(", ")}]`);
    const bomb = [
      "providers:",
      " - name: sim",
      "   kind: sim",
      "   options:",
      "    l0: &l0 [x]",
      ...levels.map((line) => `  ${line}`),
    ].join("\n");
    expect(wrongIn(bomb).some((problem) => problem.includes("more than 100 aliases are not followed"))).toBe(true);
    expect(wrongIn("providers: [{ name: s, kind: sim, options: { a: &a [*a] } }]").length).toBeGreaterThan(0);
    expect(parse("data_dir: &d /x\nadmin_token: *d-token\n".replace("*d-token", "abcdefgh")).data_dir).toBe("/x");
  });

  it("cannot reach a prototype", () => {
    const { providers } = parse("providers: [{ name: s, kind: sim, options: { __proto__: { polluted: 1 } } }]");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.keys(providers[0]!.options!)).toEqual(["__proto__"]);
    expect(wrongIn("constructor: 1")[0]).toContain("unknown setting `constructor`");
  });
});

describe("files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-config-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const environment = variables();

  it("are read as UTF-8, and named when they cannot be", () => {
    const path = join(folder, "a.yaml");
    expect(problemsOf(() => readConfig({ path, environment }))).toEqual(["0:0 : there is no such file"]);
    expect(problemsOf(() => readConfig({ path: folder, environment }))).toEqual(["0:0 : cannot be read (EISDIR)"]);
    writeFileSync(path, Buffer.from([0x61, 0xff]));
    expect(problemsOf(() => readConfig({ path, environment }))).toEqual(["0:0 : is not text in UTF-8"]);
    writeFileSync(path, "\ufefflisten: { port: 99 }");
    expect(readConfig({ path, environment }).listen.port).toBe(99);
  });

  it("are named by the option, else by the environment", () => {
    expect(findConfigFile({ path: "a", environment: variables({ BALLAST_CONFIG: "b" }) })).toBe("a");
    expect(findConfigFile({ environment: variables({ BALLAST_CONFIG: "b" }) })).toBe("b");
  });

  it("begin with an example that loads as it is, without any variable", () => {
    const text = readFileSync(new URL("ballast.example.yaml", packageRoot(import.meta.url)), "utf8");
    const config = parse(text);
    expect(config.providers.map(({ name, api_key }) => [name, api_key])).toEqual([
      ["openai", undefined],
      ["anthropic", undefined],
      ["sim", undefined],
    ]);
    const priced = config.prices.filter(({ provider }) => provider === "sim").map(({ model }) => model);
    expect(config.providers[2]!.models).toEqual(priced);
    const { budgets: _, providers: __, routes: ___, prices: ____, ...rest } = config;
    const { budgets: _a, providers: _b, routes: _c, prices: _d, ...defaults } = parse("");
    expect(rest).toEqual(defaults);
    expect(parse(text, { OPENAI_API_KEY: "sk-1" }).providers[0]!.api_key).toBe("sk-1");
  });
});

it("knows which addresses only this machine reaches", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost"].map(isLoopback)).toEqual(Array(6).fill(true));
  expect(["0.0.0.0", "::", "10.0.0.1", "127.evil.com", "localhost.evil.com", "example.com"].map(isLoopback)).toEqual(Array(6).fill(false));
});
