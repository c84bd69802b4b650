import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Caller } from "./authenticate-call.ts";

/** A call that Ballast makes itself, in the name of a caller: held, sent and booked like any other. */
export interface OwnCall {
  readonly caller: Caller;
  /** What made it, for its trace. */
  readonly lever: string;
}

/** A request with this body as if it had come in. */
export function ownRequest(path: string, headers: Readonly<Record<string, string>>, bytes: Buffer): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.method = "POST";
  request.url = path;
  const all = { ...headers, "content-type": "application/json", "content-length": String(bytes.length) };
  request.headers = all;
  request.rawHeaders = Object.entries(all).flat();
  request.push(bytes);
  request.push(null);
  request.complete = true;
  return request;
}

/** An answer that nobody reads. */
export function unreadResponse(request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  const nowhere = new Duplex({ read() {}, write: (_piece, _encoding, done) => done() });
  response.assignSocket(nowhere as unknown as Socket);
  return response;
}
