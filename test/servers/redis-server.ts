import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";

/** A Redis or Valkey server of our own: nothing on disk, on a free port of loopback. */
export interface RedisServer {
  readonly url: string;
  /** An administrator's command, over a connection of its own. */
  command(...words: string[]): Promise<unknown>;
  /** As the kernel ends it when memory is short. */
  kill(): Promise<void>;
  /** After `kill`: empty, on the same port. */
  start(): Promise<void>;
  /** It takes connections and answers nobody. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** The server's program, or undefined where there is none. */
export function redisProgram(): string | undefined {
  return ["redis-server", "valkey-server"].find((program) => {
    try {
      execFileSync(program, ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Whether tests with a server can run. Where services are required they must.
 * @throws Error when BALLAST_REQUIRE_SERVICES is set and there is none
 */
export function redisIsHere(): boolean {
  const here = redisProgram() !== undefined;
  if (!here && process.env.BALLAST_REQUIRE_SERVICES === "1") throw new Error("Redis is required here: apt-get install redis-server");
  if (!here) console.log("skipped: tests with Redis (put redis-server or valkey-server on the PATH to run them)");
  return here;
}

export async function startRedis(options: { password?: string } = {}): Promise<RedisServer> {
  const program = redisProgram();
  if (program === undefined) throw new Error("there is no Redis here");
  const folder = mkdtempSync(join(tmpdir(), "ballast-redis-"));
  const port = await freePort();
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  if (options.password !== undefined) settings.push("--requirepass", options.password);
  const login = options.password === undefined ? "" : `:${options.password}@`;
  const url = `redis://${login}127.0.0.1:${port}`;
  let child: ChildProcess;
  const start = async () => {
    child = spawn(program, settings, { stdio: "ignore" });
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries > 200 || child.exitCode !== null) throw new Error(`${program} did not start on port ${port}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    url,
    async command(...words) {
      const client = createClient({ url, socket: { reconnectStrategy: false } });
      client.on("error", () => {});
      await client.connect();
      try {
        return await client.sendCommand(words);
      } finally {
        client.destroy();
      }
    },
    kill,
    start,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (well: boolean) => {
      socket.destroy();
      resolve(well);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
