import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";

/** A PostgreSQL server of our own: a fresh cluster in a temporary folder, on a free port of loopback, with durability on. */
export interface PostgresServer {
  readonly port: number;
  /** A new, empty database. */
  database(): Promise<string>;
  /** As an administrator would, with its connections cut. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Folder of the server's programs, or undefined where they are not installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => `/usr/lib/postgresql/${version}/bin`), ...(process.env.PATH ?? "").split(":")];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/**
 * Whether tests with a server can run. Where services are required they must.
 * @throws Error when BALLAST_REQUIRE_SERVICES is set and there is none
 */
export function postgresIsHere(): boolean {
  const here = postgresPrograms() !== undefined;
  if (!here && process.env.BALLAST_REQUIRE_SERVICES === "1") throw new Error("PostgreSQL is required here: apt-get install postgresql");
  if (!here) console.log("skipped: tests with PostgreSQL (install it, or put initdb and postgres on the PATH, to run them)");
  return here;
}

export async function startPostgres(): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (!programs) throw new Error("there is no PostgreSQL here");
  const folder = mkdtempSync(join(tmpdir(), "ballast-postgres-"));
  // The server refuses to be root; where the tests are, it is somebody else.
  const owner = process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid!);
  const cluster = join(folder, "cluster");
  execFileSync(join(programs, "initdb"), ["-D", cluster, "-A", "trust", "-U", "ballast", "-E", "UTF8", "--locale=C"], {
    ...owner,
    cwd: folder,
    stdio: "ignore",
  });
  const port = await freePort();
  const options = { listen_addresses: "127.0.0.1", unix_socket_directories: folder, shared_buffers: "32MB" };
  const settings = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const start = async () => {
    const child = spawn(join(programs, "postgres"), ["-D", cluster, "-p", String(port), ...settings], {
      ...owner,
      cwd: folder,
      stdio: "ignore",
    });
    for (let tries = 0; ; tries++) {
      const sql = administrator(port);
      try {
        await sql`SELECT 1`;
        return child;
      } catch (error) {
        if (tries > 200 || child.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      } finally {
        await sql.end({ timeout: 1 });
      }
    }
  };
  let child = await start();
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  };
  let databases = 0;
  return {
    port,
    async database() {
      const name = `ballast_${++databases}`;
      const sql = administrator(port);
      await sql.unsafe(`CREATE DATABASE ${name}`);
      await sql.end();
      return `postgres://ballast@127.0.0.1:${port}/${name}`;
    },
    async restart() {
      await stop();
      child = await start();
    },
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function administrator(port: number) {
  return postgres({ host: "127.0.0.1", port, user: "ballast", database: "postgres", max: 1, onnotice: () => {}, connect_timeout: 2 });
}

function idOf(option: "-u" | "-g"): number {
  return Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
