import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../src/cli/ballast.ts", import.meta.url));

/** The real program in a process of its own, over a temporary folder that outlives it. */
export class BallastProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "ballast-process-"));
  url = "";
  output = "";
  #child: ChildProcess | undefined;

  constructor(yaml: string) {
    writeFileSync(join(this.folder, "ballast.yaml"), `data_dir: ${join(this.folder, "data")}\nlisten: { port: 0 }\n${yaml}`);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @returns milliseconds until it answers */
  async start(more: readonly string[] = []): Promise<number> {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [PROGRAM, "serve", "--json", "--config", join(this.folder, "ballast.yaml"), ...more], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr!.on("data", (piece) => {
      this.output += piece;
    });
    const lines = createInterface({ input: child.stdout! });
    this.url = await new Promise<string>((resolve, reject) => {
      lines.on("line", (line) => {
        this.output += `${line}\n`;
        resolve((JSON.parse(line) as { url: string }).url);
      });
      child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it listened:\n${this.output}`)));
    });
    for (;;) {
      const answer = await fetch(`${this.url}/healthz`).catch(() => undefined);
      if (answer?.ok) return performance.now() - startedAt;
    }
  }

  async kill(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(signal);
    const [code] = await ended;
    return code as number | null;
  }

  get adminToken(): string {
    return readFileSync(join(this.folder, "data", "admin-token"), "utf8").trim();
  }

  async api<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.adminToken}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(this.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }

  async remove(): Promise<void> {
    await this.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
