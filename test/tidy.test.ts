import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/*
 * The house rules that a machine can check. When this test is in the way of better code, change the rule here and say why in
 * docs/decisions; do not work around it.
 */
const ROOT = fileURLToPath(new URL("../", import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const sources = globSync(["src/**/*.ts", "client/*.ts"], { cwd: ROOT })
  .map((file) => normalize(file))
  .sort();
const isTest = (file: string) => /\.test\.ts$|-conformance\.ts$|-test-kit\.ts$/.test(file);
const product = sources.filter((file) => !isTest(file));

/** What each room may import, from the ground up. A room may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "src/std": [],
  "src/core": [],
  "src/contract": ["src/core"],
  "src/ports": ["src/core", "src/contract"],
  "src/telemetry": ["src/std", "src/contract", "src/core"],
  "src/config": ["src/std", "src/core", "src/contract"],
  "src/data": ["src/std", "src/core", "src/contract", "src/ports"],
  "src/adapters": ["src/std", "src/core", "src/contract", "src/ports"],
  "src/gateway": ["src/std", "src/telemetry", "src/core", "src/contract", "src/ports", "src/data"],
  "src/ingest": ["src/std", "src/telemetry", "src/core", "src/contract", "src/ports", "src/data"],
  "src/reports": ["src/std", "src/telemetry", "src/core", "src/contract", "src/ports", "src/data"],
  "src/controller": ["src/std", "src/telemetry", "src/core", "src/contract", "src/ports", "src/data"],
  "src/notify": ["src/std", "src/telemetry", "src/core", "src/contract", "src/ports", "src/data"],
  "src/api": ["src/std", "src/telemetry", "src/core", "src/contract", "src/ports", "src/data", "src/reports"],
  "src/cli": ["src/std", "src/config", "src/core", "src/contract"],
  client: [],
};
/** The composition roots know everything, and are asked for by the commands that start them. */
const WIRING = new Set([
  "src/serve.ts",
  "src/open-gateway.ts",
  "src/open-cache.ts",
  "src/gateway-workers.ts",
  "src/gateway-worker.ts",
  "src/listen.ts",
  "src/start-sim.ts",
  "src/from-config.ts",
  "src/model-ladders.ts",
  "src/jobs.ts",
  "src/demo.ts",
]);

function roomOf(file: string): string {
  return file.startsWith("client/") ? "client" : file.split("/").slice(0, 2).join("/");
}

function importsOf(file: string): string[] {
  const found = [...read(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]!);
  return found.map((path) => normalize(join(dirname(file), path)));
}

describe("the house", () => {
  it("has imports that point down only", () => {
    const wrong = product.flatMap((file) => {
      if (WIRING.has(file)) return [];
      const room = roomOf(file);
      const allowed = MAY_IMPORT[room];
      if (!allowed) return [`${file}: ${room} is no room of the house`];
      return importsOf(file)
        .filter((to) => roomOf(to) !== room && !allowed.includes(roomOf(to)) && !(room === "src/cli" && WIRING.has(to)))
        .map((to) => `${file} -> ${to}`);
    });
    expect(wrong).toEqual([]);
  });

  it("keeps the core free of I/O, clock, randomness and packages other than the calendar", () => {
    const wrong = product
      .filter((file) => file.startsWith("src/core/"))
      .filter((file) => {
        const text = read(file);
        const packages = [...text.matchAll(/from "([^."][^"]*)"/g)].map((match) => match[1]).filter((name) => name !== "temporal-polyfill");
        return packages.length > 0 || /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\./.test(text);
      });
    expect(wrong).toEqual([]);
  });

  it("keeps the client free of packages, of Node and of the rest of the house", () => {
    const wrong = product
      .filter((file) => file.startsWith("client/"))
      .filter((file) => /(?:from|import)\s*\(?\s*"[^."]/.test(read(file)) || /\b(process|Buffer)\.\w|\brequire\(/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it("asks for the time and for chance only where they are handed out", () => {
    const allowed = new Set([
      "src/std/system-clock.ts",
      "src/std/random-id.ts",
      "src/serve.ts",
      "src/open-gateway.ts",
      "src/gateway-worker.ts",
      "src/demo.ts",
      "src/data/store/key-ring.ts",
      "src/telemetry/logger.ts",
      "client/request-id.ts",
    ]);
    const wrong = product.filter(
      (file) =>
        !allowed.has(file) &&
        !file.startsWith("src/cli/") &&
        !file.startsWith("src/adapters/providers/sim/") &&
        /\bDate\.now\(\)|\bMath\.random\b|\bnew Date\(\)|randomBytes\(|randomUUID\(/.test(read(file)),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps SQL under data/, in .sql files", () => {
    const statement = /["'`]\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|ALTER TABLE)\s/;
    const wrong = product.filter((file) => statement.test(read(file)) && !file.startsWith("src/data/"));
    expect(wrong).toEqual([]);
    const homeless = globSync("src/**/*.sql", { cwd: ROOT }).filter((file) => !file.startsWith("src/data/"));
    expect(homeless).toEqual([]);
  });

  it("begins every SQL file with what it answers", () => {
    const silent = globSync("src/**/*.sql", { cwd: ROOT }).filter((file) => !read(file).startsWith("-- "));
    expect(silent).toEqual([]);
  });

  it("reads the environment only in config/", () => {
    const wrong = product.filter((file) => /\bprocess\.env\b/.test(read(file)) && !file.startsWith("src/config/"));
    expect(wrong).toEqual([]);
  });

  it("names every file once, in kebab-case, after what it holds", () => {
    const names = sources.filter((file) => !isTest(file)).map((file) => basename(file));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name))).toEqual([]);
    expect(names.filter((name) => /\b(utils?|helpers?|common|types|manager|misc)\b|^shared\.ts$/.test(name))).toEqual([]);
  });

  it("has a README in every room, saying what it owns, does not own, and what is always true", () => {
    const rooms = [...new Set(product.map(roomOf))].filter((room) => !room.endsWith(".ts"));
    const wrong = rooms.filter((room) => {
      const [readme] = globSync(`${room}/README.md`, { cwd: ROOT });
      return (
        !readme || !["owns", "does not own", "always true"].every((words) => new RegExp(`\\*\\*${words}\\.?\\*\\*`, "i").test(read(readme)))
      );
    });
    expect(wrong).toEqual([]);
  });

  it("has no barrel files and no default exports", () => {
    const wrong = product.filter((file) => /^export \* from/m.test(read(file)) || /^export default/m.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it("names no money in a float: no amount is parsed as a number on the money path", () => {
    const money = product.filter((file) => /^src\/(core\/(money|pricing|ledger)|data\/store|gateway)\//.test(file));
    const wrong = money.filter((file) => /parseFloat|Number\([^)]*([nN]ano|[aA]tto|usd|Usd)/.test(read(file)));
    expect(wrong).toEqual([]);
  });
});
