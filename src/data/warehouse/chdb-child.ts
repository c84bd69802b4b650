/**
 * The process in which the embedded engine lives: `chdb-child <data folder>`, started by chdb-process.ts and spoken to over IPC.
 * It is apart because the engine holds 300 MB and one folder, stalls its process's event loop, and aborts when closed while busy.
 */
import { mkdirSync, readFileSync } from "node:fs";
import type { Session } from "chdb";
import { Problem } from "../../contract/problem.ts";
import type { ChdbReport, ChdbRequest } from "./chdb-messages.ts";
import { migrateWarehouse } from "./migrate-warehouse.ts";
import { type EngineParameters, LONGEST_ANSWER_BYTES, READ_SETTINGS, readRows, WRITE_SETTINGS } from "./warehouse-connection.ts";

interface Engine {
  /** Cannot change data or settings, nor read files or addresses. */
  readonly reader: Session;
  readonly writer: Session;
}

const FORMAT = { format: "JSONEachRow" } as const;
/** A batch of traces is small: more threads cost more than they save, and the calls want the cores. */
const ONE_THREAD = { max_threads: 1, max_insert_threads: 1, input_format_parallel_parsing: 0 } as const;
/** The engine of this process was torn down under a statement; nothing works here any more, and a new process is wanted. */
const ABORTED = 236;

let running: "nothing" | "reading" | "writing" = "nothing";
let engine: Engine | undefined;
let work: Promise<void> = start(process.argv[2]!);

// A terminal sends Ctrl-C to every process of the group. Whether the engine ends is for the server to say.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

process.on("message", (request: ChdbRequest) => {
  work = work.then(() => carryOut(request));
});

process.on("disconnect", () => {
  // The server is gone and nobody waits for an answer. A read can be dropped, and must be: the next server waits for this folder.
  // A write is finished first.
  if (running === "reading") process.kill(process.pid, "SIGKILL");
  work = work.then(leave);
});

async function start(folder: string): Promise<void> {
  try {
    running = "writing";
    engine = await open(folder);
    report({ kind: "ready", migrations: await migrate(engine.writer) });
    running = "nothing";
  } catch (error) {
    const code = error instanceof Problem ? error.code : "warehouse_unavailable";
    report({ kind: "failed", code, message: error instanceof Error ? error.message : String(error) });
    leave();
  }
}

async function open(folder: string): Promise<Engine> {
  let chdb: typeof import("chdb");
  try {
    chdb = await import("chdb");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Problem("warehouse_missing", { reason }, { cause, message: reason });
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const writer = new chdb.Session(folder);
  const reader = new chdb.Session(folder);
  await writer.queryAsync(setStatement({ ...WRITE_SETTINGS, ...ONE_THREAD }));
  await reader.queryAsync(setStatement({ ...READ_SETTINGS, readonly: 1 }));
  return { writer, reader };
}

/** Settings of a session stay until it ends. The values are our own constants. */
function setStatement(settings: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(settings).map(([name, value]) => `${name} = ${typeof value === "number" ? value : `'${value}'`}`);
  return `SET ${parts.join(", ")}`;
}

async function migrate(writer: Session): Promise<readonly string[]> {
  return await migrateWarehouse({
    rows: async (statement, parameters) => readRows(await run(writer, statement, parameters)),
    command: async (statement, parameters) => void (await run(writer, statement, parameters)),
  });
}

/** As a stream, which can be broken off: a table asked for whole would otherwise be held whole. */
async function read(session: Session, statement: string, parameters: EngineParameters): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of session.queryStreamBind(statement, parameters, FORMAT)) {
      bytes += chunk.numBytes;
      if (bytes > LONGEST_ANSWER_BYTES) throw new Error(`The answer is longer than ${LONGEST_ANSWER_BYTES} bytes.`);
      chunks.push(chunk.raw());
    }
  } catch (error) {
    // EXPLAIN, SHOW and DESCRIBE: short.
    if (refusal(error).message.includes("Streaming query is not supported")) return await run(session, statement, parameters);
    throw error;
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function run(session: Session, statement: string, parameters: EngineParameters): Promise<string> {
  const bound = Object.keys(parameters).length > 0;
  const result = bound ? await session.queryBindAsync(statement, parameters, FORMAT) : await session.queryAsync(statement, FORMAT);
  return result.text();
}

function refusal(error: unknown): { readonly engineCode: number; readonly message: string } {
  const { message, clickhouseCode, cause } = error as Error & { clickhouseCode?: number };
  return { message, engineCode: clickhouseCode ?? (cause as { clickhouseCode?: number } | undefined)?.clickhouseCode ?? 0 };
}

async function carryOut(request: ChdbRequest): Promise<void> {
  if (engine === undefined) return;
  if (request.kind === "close" || !process.connected) {
    leave();
    return;
  }
  running = request.kind === "rows" ? "reading" : "writing";
  try {
    const text = await answerTo(request, engine);
    report({ kind: "answer", id: request.id, text });
  } catch (error) {
    const { engineCode, message } = refusal(error);
    report({ kind: "refused", id: request.id, engineCode, message });
    if (engineCode === ABORTED) process.kill(process.pid, "SIGKILL");
  }
  running = "nothing";
}

async function answerTo(request: Exclude<ChdbRequest, { kind: "close" }>, { reader, writer }: Engine): Promise<string> {
  switch (request.kind) {
    case "rows":
      return await read(reader, request.statement, request.parameters);
    case "command":
      return await run(writer, request.statement, request.parameters);
    case "insert":
      return await run(writer, `${request.statement}\n${request.body}`, {});
    case "insert_file":
      return await run(writer, `${request.statement}\n${readFileSync(request.path, "utf8")}`, {});
    default:
      return request satisfies never;
  }
}

function report(message: ChdbReport): void {
  if (process.connected) process.send!(message);
}

function leave(): void {
  engine?.reader.close();
  engine?.writer.close();
  engine = undefined;
  // Lets go of the server once what was reported has been sent; then nothing keeps this process.
  if (process.connected) process.disconnect();
}
