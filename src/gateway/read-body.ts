import type { IncomingMessage } from "node:http";
import { Problem } from "../contract/problem.ts";

/**
 * The whole body, as it came.
 * @throws Problem body_too_large, unsupported_media_type; client_left (as a plain Error) when the caller goes before it is complete
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const type = request.headers["content-type"];
  if (type !== undefined && !/^application\/(json|[\w.+-]+\+json)\b/i.test(type)) {
    throw new Problem("unsupported_media_type", { field: "content-type", found: type.slice(0, 100) });
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new Problem("unsupported_media_type", { field: "content-encoding", found: encoding.slice(0, 100) });
  }
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > maxBytes) throw new Problem("body_too_large", { limit_bytes: maxBytes });
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    request.on("data", (piece: Buffer) => {
      size += piece.length;
      if (size > maxBytes) {
        request.removeAllListeners("data");
        reject(new Problem("body_too_large", { limit_bytes: maxBytes }));
        return;
      }
      pieces.push(piece);
    });
    request.on("end", () => resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size)));
    request.on("error", (error) => reject(new CallerLeft(error)));
    request.on("close", () => {
      if (!request.complete) reject(new CallerLeft(undefined));
    });
  });
}

/** The caller closed the connection before its request was whole: nobody is left to tell. */
export class CallerLeft extends Error {
  override readonly name = "CallerLeft";
  constructor(cause: unknown) {
    super("the caller left before its request was complete", { cause });
  }
}
