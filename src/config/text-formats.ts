import { isIP } from "node:net";
import { MOST_LIMIT_NANO } from "../contract/most-amounts.ts";
import { minuteOfDay } from "../core/alerts/quiet-hours.ts";
import { MOST_HOLDOUT_SHARE } from "../core/levers/holdout.ts";
import { parseDecimal } from "../core/money/usd.ts";
import { isScopeValue } from "../core/scope/scope.ts";
import { parseDuration } from "../core/time/duration.ts";
import { isTimeZone } from "../core/time/window.ts";

/** A kind of text that a setting may ask for by the JSON Schema keyword `format`. */
interface TextFormat {
  /** Completes "expected …". */
  readonly expected: string;
  readonly test: (text: string) => boolean;
  /** A value that fails may still hold a secret, so messages must not repeat it. */
  readonly secret?: true;
}

export const TEXT_FORMATS = {
  usd: { expected: "a decimal number of USD from 0 to 1 billion, with at most 9 decimal places", test: isUsd },
  price: { expected: "a decimal number of USD, 0 or more, with at most 12 decimal places", test: isPrice },
  percent: { expected: "a percentage from 0, with at most 4 decimal places", test: isPercent },
  currency: { expected: "a currency in three capital letters, such as EUR", test: (text) => /^[A-Z]{3}$/.test(text) },
  "time-zone": { expected: "an IANA time zone such as Europe/Berlin", test: isTimeZone },
  "scope-value": { expected: "letters, digits and . _ : @ / + - and space, at most 128 characters", test: isScopeValue },
  "model-pattern": { expected: "a model name, or a pattern with * for any text", test: (text) => /^[^\s]{1,128}$/.test(text) },
  host: { expected: "a host name or an IP address", test: isHost },
  "http-url": { expected: "an http(s) URL without a name or password in it", test: isHttpUrl, secret: true },
  ledger: { expected: "sqlite, or the postgres:// URL of a database", test: isLedger, secret: true },
  warehouse: { expected: "chdb, none, or the http(s) URL of a ClickHouse server", test: isWarehouse, secret: true },
  cache: { expected: "memory, or the redis:// or rediss:// URL of a Redis or Valkey server", test: isCache, secret: true },
  "cache-prefix": {
    expected: "letters, digits and . _ : -, at most 64 characters",
    test: (text) => /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(text),
  },
  instant: { expected: "a day such as 2026-11-01, or an instant with its offset such as 2026-11-01T00:00:00Z", test: isInstant },
  month: { expected: "a calendar month such as 2026-11", test: (text) => /^[12]\d{3}-(0[1-9]|1[0-2])$/.test(text) },
  "header-value": { expected: "text without line breaks or other control characters", test: isHeaderValue, secret: true },
  "channel-name": {
    expected: "letters, digits and . _ -, at most 64 characters",
    test: (text) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text),
  },
  "time-of-day": { expected: "a time of day such as 22:00", test: (text) => minuteOfDay(text) !== undefined },
  "mail-address": { expected: "a mail address such as oncall@example.com", test: (text) => /^[^\s@<>,;"()]+@[^\s@<>,;"()]+$/.test(text) },
  "signing-key": { expected: "whsec_ and 24 to 64 bytes in base64", test: isSigningKey, secret: true },
  "event-source": { expected: "an address or a path without spaces", test: (text) => /^[\x21-\x7e]{1,512}$/.test(text) },
  "runbook-place": { expected: "a folder or an http(s) address", test: (text) => /^[^\s<>|*`]{1,512}$/.test(text) },
  // Not "duration": editors know that one as ISO 8601.
  "time-span": { expected: "a time such as 90s, 10m, 1h or 2d, at most 30d", test: isTimeSpan },
  "time-offset": { expected: "a time such as 0m, 90s, 10m or 1h", test: (text) => parseDuration(text) !== undefined },
  "cap-share": {
    expected: "a share of the cap above 0 and at most 10, such as 0.75 or 75%",
    test: (text) => isBetween(shareOf(text), 0, 10),
  },
  "holdout-share": {
    expected: "a share from 0 to 5%, such as 2% or 0.02",
    test: (text) => isBetween(shareOf(text), -1, MOST_HOLDOUT_SHARE) && !text.startsWith("-"),
  },
  "latency-limit": { expected: "milliseconds above 0, or off", test: (text) => text === "off" || isBetween(numberOf(text), 0, 3_600_000) },
  "error-limit": {
    expected: "a share above 0 and at most 1, such as 0.01 or 1%, or off",
    test: (text) => text === "off" || isBetween(shareOf(text), 0, 1),
  },
  "score-limit": { expected: "a score above 0 and at most 5, or off", test: (text) => text === "off" || isBetween(numberOf(text), 0, 5) },
  token: { expected: "at least 8 visible ASCII characters without spaces", test: (text) => /^[\x21-\x7e]{8,}$/.test(text), secret: true },
} as const satisfies Record<string, TextFormat>;

export type TextFormatName = keyof typeof TEXT_FORMATS;

export function textFormat(name: string): TextFormat | undefined {
  return Object.hasOwn(TEXT_FORMATS, name) ? TEXT_FORMATS[name as TextFormatName] : undefined;
}

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}

function isSigningKey(text: string): boolean {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text);
  const bytes = match ? Buffer.from(match[1]!, "base64").length : 0;
  return bytes >= 24 && bytes <= 64;
}

/** "0.75" and "75%" are 750000 millionths; undefined when it is no plain number of at most six decimals. */
export function millionthsOf(share: string): bigint | undefined {
  return share.endsWith("%") ? parseDecimal(`${share.slice(0, -1)}e-2`, 6) : parseDecimal(share, 6);
}

/** "0.75" and "75%" are 0.75. */
export function shareOf(text: string): number | undefined {
  const millionths = millionthsOf(text);
  return millionths === undefined ? undefined : Number(millionths) / 1_000_000;
}

function numberOf(text: string): number | undefined {
  return parseDecimal(text, 6) === undefined ? undefined : Number(text);
}

/** Above the one and up to the other. */
function isBetween(number: number | undefined, above: number, most: number): boolean {
  return number !== undefined && number > above && number <= most;
}

function isTimeSpan(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== undefined && ms > 0 && ms <= 30 * 86_400_000;
}

function isUsd(text: string): boolean {
  const nano = parseDecimal(text, 9);
  return nano !== undefined && nano >= 0n && nano <= MOST_LIMIT_NANO;
}

function isPrice(text: string): boolean {
  const atto = parseDecimal(text, 12);
  return atto !== undefined && atto >= 0n;
}

function isPercent(text: string): boolean {
  const millionths = parseDecimal(text, 4);
  return millionths !== undefined && millionths >= 0n;
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text);
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}

function isLedger(text: string): boolean {
  return text === "sqlite" || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text) && new URL(text).pathname.length > 1);
}

function isWarehouse(text: string): boolean {
  return text === "chdb" || text === "none" || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));
}

function isCache(text: string): boolean {
  if (text === "memory") return true;
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { hostname, pathname, search, hash } = new URL(text);
  return hostname !== "" && /^\/?$|^\/\d{1,5}$/.test(pathname) && search === "" && hash === "";
}

function isInstant(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return false;
  // Date.parse rolls 30 February over into March.
  const day = Date.parse(text.slice(0, 10));
  return !Number.isNaN(Date.parse(text)) && !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
}

function isHeaderValue(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a header
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text) && [...text].every((character) => character.codePointAt(0)! <= 0xff);
}
