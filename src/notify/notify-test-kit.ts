import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import type { AlertFacts, AlertRecord } from "../core/alerts/alert.ts";
import { severityOf } from "../core/alerts/alert-severity.ts";
import { accountId } from "../core/ledger/budget.ts";
import { windowAt } from "../core/time/window.ts";

/** For tests only: servers on this machine that receive what channels send, and alerts to send. */

export const AT = Date.parse("2026-11-21T12:00:00Z");
export const WINDOW = windowAt("month", "UTC", AT);

export function crossing(percent: number, budgetId = "tenant=acme"): AlertFacts {
  const place = { budgetId, accountId: accountId(budgetId, WINDOW), windowStart: WINDOW.start, windowEnd: WINDOW.end, zone: "UTC" };
  return { kind: "budget_threshold_crossed", percent, budget: { ...place, hard: true, limitUsd: "100", spentUsd: String(percent) } };
}

export function aRecord(facts: AlertFacts, more: Partial<AlertRecord> = {}): AlertRecord {
  const state = { times: 1, lastAt: AT, ackedAt: null, ackedBy: null, resolvedAt: null, resolvedWhy: null };
  return {
    id: "0123456789abcdef01234567",
    severity: severityOf(facts, 80),
    scope: { tenant: "acme" },
    facts,
    raisedAt: AT,
    ...state,
    ...more,
  };
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly got: Received[];
  /** What the next requests are answered; "hang" never answers. */
  answer: number | "hang";
  answerHeaders: Record<string, string>;
  close(): Promise<void>;
}

/** An HTTP server that remembers what it was sent. */
export async function aReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    receiver.got.push({ path: request.url ?? "", headers: request.headers, body });
    if (receiver.answer === "hang") return;
    response.writeHead(receiver.answer, receiver.answerHeaders).end("whatever a server says, secret-in-answer included");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got: [],
    answer: 200,
    answerHeaders: {},
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}

export interface MailServer {
  readonly port: number;
  readonly mails: { readonly from: string; readonly to: readonly string[]; readonly text: string }[];
  readonly logins: string[];
  /** The answer to RCPT TO and to the whole message. */
  rcptAnswer: string;
  dataAnswer: string;
  close(): Promise<void>;
}

/** Speaks SMTP (RFC 5321) with AUTH PLAIN, as far as a client that sends one mail needs it. */
export async function aMailServer(): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const tcp = createTcpServer((socket) => {
    sockets.add(socket);
    talk(socket, server);
  });
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const server: MailServer = {
    port: (tcp.address() as AddressInfo).port,
    mails: [],
    logins: [],
    rcptAnswer: "250 ok",
    dataAnswer: "250 ok",
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => tcp.close(() => resolve()));
    },
  };
  return server;
}

function talk(socket: Socket, server: MailServer): void {
  let [from, to, text, inData] = ["", [] as string[], "", false];
  const say = (line: string) => socket.write(`${line}\r\n`);
  const hear = (line: string) => {
    if (inData && line === ".") {
      inData = false;
      if (server.dataAnswer.startsWith("250")) server.mails.push({ from, to, text });
      return say(server.dataAnswer);
    }
    if (inData) {
      text += `${line.startsWith("..") ? line.slice(1) : line}\n`;
      return undefined;
    }
    const word = line.slice(0, 4).toUpperCase();
    switch (word) {
      case "EHLO":
        return say("250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME");
      case "AUTH":
        server.logins.push(
          Buffer.from(line.split(" ")[2] ?? "", "base64")
            .toString("utf8")
            .replaceAll("\0", " ")
            .trim(),
        );
        return say("235 welcome");
      case "MAIL":
        [from, to, text] = [/<(.*)>/.exec(line)?.[1] ?? "", [], ""];
        return say("250 ok");
      case "RCPT":
        to.push(/<(.*)>/.exec(line)?.[1] ?? "");
        return say(server.rcptAnswer);
      case "DATA":
        inData = true;
        return say("354 go on");
      case "QUIT":
        say("221 bye");
        return socket.end();
      default:
        return say("250 ok");
    }
  };
  let rest = "";
  socket.setEncoding("utf8").on("data", (piece: string) => {
    const lines = (rest + piece).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
  socket.on("error", () => {});
  say("220 here ESMTP");
}
