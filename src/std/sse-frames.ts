/** One server-sent event, as bytes and as what matters of it. */
export interface SseFrame {
  /** All of its bytes, the blank line included. */
  readonly bytes: Buffer;
  /** The data lines joined; empty for comments and keep-alives. */
  readonly data: string;
}

const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into server-sent events, whatever pieces it arrives in. Lines end in LF or CRLF.
 * @param largestFrame bytes of one event that are kept waiting for its end; more is an error
 */
export class SseFrames {
  #rest: Buffer = Buffer.alloc(0);
  readonly #largestFrame: number;

  constructor(largestFrame: number) {
    this.#largestFrame = largestFrame;
  }

  /** @throws RangeError when an event is larger than allowed */
  push(chunk: Buffer): SseFrame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: SseFrame[] = [];
    let start = 0;
    let line = start;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, line);
      if (newline < 0) break;
      const blank = newline === line || (newline === line + 1 && bytes[line] === 0x0d);
      line = newline + 1;
      if (!blank) continue;
      const frame = bytes.subarray(start, line);
      frames.push({ bytes: frame, data: dataOf(frame) });
      start = line;
    }
    this.#rest = start === 0 ? bytes : bytes.subarray(start);
    if (this.#rest.length > this.#largestFrame) throw new RangeError("an event is larger than allowed");
    return frames;
  }

  /** What came after the last whole event. */
  get rest(): Buffer {
    return this.#rest;
  }
}

function dataOf(frame: Buffer): string {
  const text = frame.toString("utf8");
  // The common case: one data line.
  if (text.startsWith("data: ") && text.indexOf("\n") >= text.length - 2) return text.slice(6).trimEnd();
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const clean = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (clean.startsWith("data:")) lines.push(clean.slice(clean[5] === " " ? 6 : 5));
  }
  return lines.join("\n");
}
