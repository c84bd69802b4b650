/** Where one member of a JSON object lies in its text: byte offsets, ends exclusive. */
export interface JsonMember {
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface JsonMembers {
  /** Just after the opening brace. */
  readonly insertAt: number;
  readonly empty: boolean;
  readonly members: ReadonlyMap<string, JsonMember>;
  /** A key that occurs twice, if any: readers disagree about which one counts. */
  readonly duplicate: string | undefined;
  /** Members of all objects in the text, at any depth, each as often as it is written. */
  readonly written: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Finds the top-level members of a JSON object without reading what is inside them, so that one can be replaced and all else
 * stays as it was, byte for byte. Long strings are skipped at the speed of a search for their end.
 * @param bytes valid JSON in UTF-8 (JSON.parse has accepted it)
 * @returns undefined when the text is no object
 */
export function findJsonMembers(bytes: Buffer): JsonMembers | undefined {
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== 0x7b) return undefined;
  const insertAt = at + 1;
  const members = new Map<string, JsonMember>();
  const count = { written: 0 };
  let duplicate: string | undefined;
  at = skipSpace(bytes, insertAt);
  while (bytes[at] === QUOTE) {
    const keyStart = at;
    const keyEnd = stringEnd(bytes, at);
    const raw = bytes.toString("latin1", keyStart + 1, keyEnd - 1);
    const key = raw.includes("\\") || !isAscii(raw) ? (JSON.parse(bytes.toString("utf8", keyStart, keyEnd)) as string) : raw;
    const valueStart = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    const valueEnd = endOfValue(bytes, valueStart, count);
    count.written += 1;
    if (members.has(key)) duplicate ??= key;
    members.set(key, { keyStart, valueStart, valueEnd });
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return { insertAt, empty: members.size === 0, members, duplicate, written: count.written };
}

export interface JsonEdit {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
}

/** The same object with members replaced or added; every other byte unchanged. */
export function editJsonMembers(bytes: Buffer, found: JsonMembers, edits: readonly JsonEdit[]): Buffer {
  if (edits.length === 0) return bytes;
  const added: string[] = [];
  const replaced: ByteEdit[] = [];
  for (const { key, value } of edits) {
    const member = found.members.get(key);
    if (member) replaced.push({ start: member.valueStart, end: member.valueEnd, text: value });
    else added.push(`${JSON.stringify(key)}:${value}`);
  }
  if (added.length > 0) replaced.push({ start: found.insertAt, end: found.insertAt, text: added.join(",") + (found.empty ? "" : ",") });
  return editBytes(bytes, replaced);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
}

/** @param from the opening quote @returns just after the closing one */
function stringEnd(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return bytes.length;
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** @param count grows by the members that are written inside */
function endOfValue(bytes: Buffer, from: number, count: { written: number }): number {
  const first = bytes[from];
  if (first === QUOTE) return stringEnd(bytes, from);
  if (first !== 0x7b && first !== 0x5b) {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at]!;
      if (byte === COMMA || byte === 0x7d || byte <= 0x20) return at;
      at++;
    }
    return at;
  }
  let depth = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = stringEnd(bytes, at);
      continue;
    }
    if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) {
      depth--;
      if (depth === 0) return at + 1;
    } else if (byte === COLON) count.written++;
    at++;
  }
  return at;
}

/**
 * Where a value stands that is nested in a JSON text.
 * @param path names of members and places in lists, from the value that begins at `from`
 * @returns undefined when the path leads nowhere
 */
export function findJsonPlace(bytes: Buffer, path: readonly (string | number)[], from = 0): JsonPlace | undefined {
  let start = skipSpace(bytes, from);
  for (const step of path) {
    const found = typeof step === "number" ? elementAt(bytes, start, step) : memberAt(bytes, start, step);
    if (found === undefined) return undefined;
    start = found;
  }
  return { start, end: endOfValue(bytes, start, { written: 0 }) };
}

export interface JsonPlace {
  readonly start: number;
  /** Just after it. */
  readonly end: number;
}

function elementAt(bytes: Buffer, list: number, place: number): number | undefined {
  if (bytes[list] !== 0x5b) return undefined;
  let at = skipSpace(bytes, list + 1);
  for (let index = 0; bytes[at] !== undefined && bytes[at] !== 0x5d; index++) {
    if (index === place) return at;
    at = skipSpace(bytes, endOfValue(bytes, at, { written: 0 }));
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return undefined;
}

function memberAt(bytes: Buffer, object: number, name: string): number | undefined {
  if (bytes[object] !== 0x7b) return undefined;
  let at = skipSpace(bytes, object + 1);
  while (bytes[at] === QUOTE) {
    const keyEnd = stringEnd(bytes, at);
    const value = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    if (JSON.parse(bytes.toString("utf8", at, keyEnd)) === name) return value;
    at = skipSpace(bytes, endOfValue(bytes, value, { written: 0 }));
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return undefined;
}

/** A stretch of bytes and what stands there instead; an empty stretch is where something is put in. */
export interface ByteEdit extends JsonPlace {
  readonly text: string;
}

/** The same bytes with stretches of them replaced. @param edits none over another */
export function editBytes(bytes: Buffer, edits: readonly ByteEdit[]): Buffer {
  if (edits.length === 0) return bytes;
  const pieces: Buffer[] = [];
  let done = 0;
  for (const { start, end, text } of [...edits].sort((one, other) => one.start - other.start)) {
    pieces.push(bytes.subarray(done, start), Buffer.from(text));
    done = end;
  }
  pieces.push(bytes.subarray(done));
  return Buffer.concat(pieces);
}
