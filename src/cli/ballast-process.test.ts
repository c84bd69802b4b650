import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "./command-list.ts";
import { LEAST_NODE } from "./node-version.ts";

const PROGRAM = fileURLToPath(new URL("./ballast.ts", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function ballast(...args: string[]): { code: number | null; out: string; err: string } {
  const env = { PATH: process.env.PATH };
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8", cwd: folder, env });
  return { code: status, out: stdout, err: stderr };
}

describe("the program", () => {
  it("lists its commands, and explains each", () => {
    const { code, out, err } = ballast("--help");
    expect([code, err]).toEqual([0, ""]);
    for (const { name } of COMMANDS) expect(out).toContain(`  ${name}`);
    expect(ballast("key", "create", "--help").out).toContain("--tenant <tenant>");
    expect(ballast("help", "key").out).toContain("key revoke <id>");
    expect(ballast("--version").out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("exits with 2 and a hint when a command or an option is unknown", () => {
    expect(ballast("budgte", "list")).toEqual({
      code: 2,
      out: "",
      err: "ballast: There is no command budgte.\nDid you mean ballast budget?\n",
    });
    expect(ballast("serve", "--prot", "1")).toEqual({
      code: 2,
      out: "",
      err: "ballast: There is no option --prot here.\nDid you mean --port?\n",
    });
    expect(ballast("serve", "--port", "x").code).toBe(2);
    expect(ballast("--frobnicate").code).toBe(2);
  });

  it("puts errors as JSON, and nothing else, on stdout when asked to", () => {
    const unknown = ballast("serv", "--json");
    expect([unknown.code, unknown.err, JSON.parse(unknown.out).code]).toEqual([2, "", "usage"]);
    const unreachable = ballast("key", "list", "--json", "--url", "http://127.0.0.1:1");
    expect([unreachable.code, unreachable.err, JSON.parse(unreachable.out).code]).toEqual([1, "", "server_unreachable"]);
  });

  it("asks for the same Node everywhere", () => {
    const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(engines.node).toBe(`>=${LEAST_NODE}`);
    expect(readFileSync(PROGRAM, "utf8")).toContain(`const LEAST_NODE = ${LEAST_NODE};`);
  });

  it("validates a file and prints the schema", () => {
    writeFileSync(join(folder, "good.yaml"), "listen:\n  port: 4000\n");
    writeFileSync(join(folder, "bad.yaml"), "listen:\n  prot: 4000\ndata_dri: x\n");
    expect(ballast("validate", "good.yaml")).toEqual({ code: 0, out: "good.yaml is valid.\n", err: "" });
    expect(ballast("validate").out).toBe("There is no ballast.yaml here, so the defaults hold.\n");
    expect(JSON.parse(ballast("validate", "good.yaml", "--json").out)).toEqual({ valid: true, file: "good.yaml", problems: [] });
    const bad = ballast("validate", "bad.yaml");
    expect([bad.code, bad.err]).toEqual([1, ""]);
    expect(bad.out).toMatch(/^bad\.yaml:2:\d+ .*prot/m);
    expect(bad.out).toMatch(/^bad\.yaml:3:\d+ .*data_dri/m);
    expect(JSON.parse(ballast("validate", "bad.yaml", "--json").out)).toMatchObject({ valid: false, problems: [{ line: 2 }, { line: 3 }] });
    expect(JSON.parse(ballast("validate", "--schema").out).properties.listen.properties.port).toBeDefined();
  });

  it.skipIf(process.platform !== "linux")("serves as the process that was started, with more room for short-lived objects", async () => {
    const config = join(folder, "young.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        data_dir: join(folder, "young"),
        listen: { port: 0 },
        providers: [{ name: "sim", kind: "sim" }],
        stores: { warehouse: "none" },
      }),
    );
    const child = spawn(process.execPath, [PROGRAM, "serve", "--json", "--config", config], { stdio: ["ignore", "pipe", "ignore"] });
    await once(child.stdout, "data");
    expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8").split("\0")).toContain("--min-semi-space-size=64");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("says what it does when it is stopped", async () => {
    writeFileSync(join(folder, "serve.yaml"), "listen: { port: 0 }\ndata_dir: ./served\nstores: { warehouse: none }\n");
    const env = { PATH: process.env.PATH };
    const server = spawn(process.execPath, [PROGRAM, "serve", "-c", "serve.yaml"], {
      cwd: folder,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    server.stderr.on("data", (piece) => {
      err += piece;
      if (err.includes("listens on") && !server.killed) server.kill("SIGTERM");
    });
    const [code] = await once(server, "exit");
    expect([code, err.split("\n").slice(1)]).toEqual([0, ["Stopping: no call is under way.", "Stopped; everything is written.", ""]]);
  });

  it("lets doctor tell every problem of the configuration", () => {
    const doctor = ballast("doctor", "--config", "bad.yaml", "--json");
    const failed = JSON.parse(doctor.out).checks.filter(({ status }: { status: string }) => status === "fail");
    expect([doctor.code, failed.length]).toEqual([1, 2]);
  });
});
