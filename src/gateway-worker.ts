import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { Problem } from "./contract/problem.ts";
import { answerBrokenConnections, isGatewayPath } from "./gateway/gateway-door.ts";
import type { WorkerNews, WorkerStart } from "./gateway-workers.ts";
import { startJobs } from "./jobs.ts";
import { farewell, listen, serverTimes } from "./listen.ts";
import { openGateway } from "./open-gateway.ts";
import { systemClock } from "./std/system-clock.ts";
import type { CallFacts } from "./telemetry/call-tally.ts";
import { createLogger } from "./telemetry/logger.ts";

/*
 * One gateway process of `ballast serve --workers`: takes calls with leases and a journal of its own, and hands everything else to the
 * server that started it, by whose word it stops. When that server is gone, it lets its calls end, and goes too.
 */
const TELL_MS = 100;

async function serveCalls({ config, number, journalFolder, apiPort, simUrls }: WorkerStart): Promise<void> {
  const log = createLogger({ level: config.telemetry.log_level }).child({ worker: number });
  const opened: (() => unknown)[] = [];
  const ended: { facts: CallFacts; isExceeded: boolean }[] = [];
  let inFlight = 0;
  let told = 0;
  const tellCalls = () => {
    if (ended.length === 0 && inFlight === told) return;
    told = inFlight;
    tell({ kind: "calls", ended: ended.splice(0), inFlight });
  };
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
    tellCalls();
  };
  try {
    const place = { journalFolder, shared: true, name: `${hostname()}:${process.pid}`, doesJobs: false, simUrls };
    const observe = (facts: CallFacts, isExceeded: boolean) => ended.push({ facts, isExceeded });
    const gateway = await openGateway(config, place, { log, opened, observe });
    const { store, desk, life, budgets, door, prewarmAnswers } = gateway;
    const server = createServer(serverTimes(config), (request, response) => {
      if (!isGatewayPath(request.url ?? "/")) {
        forward(request, response, apiPort);
        return;
      }
      inFlight += 1;
      response.once("close", () => {
        inFlight -= 1;
      });
      door(request, response);
    });
    answerBrokenConnections(server);
    const notify = { channels: [], routes: [], retry: NO_RETRY, event: { source: "", runbooks: "" }, keepDays: 0 };
    const parts = {
      store,
      warehouse: undefined,
      desk,
      life,
      prewarmAnswers,
      budgets,
      spool: "",
      knowledge: undefined,
      now: systemClock,
      random: Math.random,
      log,
      notify,
    };
    opened.push(startJobs(parts));
    await listen(server, config.listen, "others");
    opened.push(() => farewell(server, desk));
    const telling = setInterval(tellCalls, TELL_MS);
    opened.push(() => clearInterval(telling));
    const stop = async () => {
      await closeAll();
      process.exit(0);
    };
    process.on("message", (word) => {
      if (word === "stop") void stop();
    });
    process.once("disconnect", () => void stop());
    tell({ kind: "listens", port: (server.address() as AddressInfo).port });
  } catch (error) {
    await closeAll().catch(() => {});
    const problem = error instanceof Problem ? error : undefined;
    tell({ kind: "failed", code: problem?.code ?? null, message: (error as Error).message, details: problem?.details ?? {} });
    process.exitCode = 1;
    process.disconnect();
  }
}

/** Workers deliver nothing: the server that started them does the jobs of all. */
const NO_RETRY = { attempts: 1, firstDelayMs: 0, longestDelayMs: 0 };

function tell(news: WorkerNews): void {
  if (process.connected) process.send!(news);
}

/** The API, the page and the metrics are the first process's. */
function forward(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, headers, url: path } = request;
  const onward = httpRequest({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => {
    if (!response.headersSent) response.writeHead(503, { "content-type": "application/problem+json; charset=utf-8" });
    const { code, message, remedy } = new Problem("server_stopping");
    response.end(JSON.stringify({ type: `/problems/${code}`, title: message, status: 503, code, remedy }));
  });
  response.once("close", () => onward.destroy());
  request.pipe(onward);
}

// The terminal tells all of its processes to stop; this one stops when the server that started it says so.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.once("message", (start: WorkerStart) => void serveCalls(start));
tell({ kind: "ready" });
