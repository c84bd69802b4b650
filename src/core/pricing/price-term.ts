import { NANO_PER_USD, type Nano, parseDecimal } from "../money/usd.ts";
import type { NameTest } from "./name-match.ts";
import { isObject, PriceDataError, requireInstantMs, requireText } from "./price-data-error.ts";

/** What dates a price and everything that changes one: when it holds, half-open, and since when we know of it. */
export interface Dated {
  readonly fromMs: number;
  readonly toMs: number;
  /** Known time: a book as it was known before leaves the row out. Since ever where the row says nothing. */
  readonly knownAtMs: number;
}

/** What one unit of a currency is in dollars. */
export interface FxRate extends Dated {
  readonly currency: string;
  /** Dollars per unit, in 10^-9. */
  readonly nanoUsd: bigint;
  readonly source: string | undefined;
}

/** What a provider grants us on its list prices, and what we have promised to spend there. */
export interface Contract extends Dated {
  readonly id: string;
  readonly provider: string;
  readonly model: string | undefined;
  readonly matches: NameTest;
  /** In millionths of the list price. */
  readonly discount: bigint;
  /** Spend of each calendar month (UTC) that is owed even when it is not used; undefined where nothing was promised. */
  readonly commitmentNano: Nano | undefined;
}

/** What a tenant is billed on top of what its calls cost us. */
export interface Markup extends Dated {
  /** Undefined: every tenant. */
  readonly tenant: string | undefined;
  readonly provider: string | undefined;
  readonly model: string | undefined;
  readonly matches: NameTest;
  /** In millionths of the contracted cost. */
  readonly markup: bigint;
}

const DATED_KEYS = ["valid_from", "valid_to", "known_at"];
const PERCENT_SCALE = 4;
const WHOLE = 1_000_000n;

/** `valid_from`, `valid_to` and `known_at` of a row. @throws PriceDataError */
export function parseDated(json: Readonly<Record<string, unknown>>, where: string): Dated {
  const instant = (key: string, otherwise: number) =>
    json[key] === undefined ? otherwise : requireInstantMs(json[key], `${where}.${key}`);
  const fromMs = instant("valid_from", Number.NEGATIVE_INFINITY);
  const toMs = instant("valid_to", Number.POSITIVE_INFINITY);
  if (toMs <= fromMs) throw new PriceDataError(where, "valid_to must be after valid_from");
  return { fromMs, toMs, knownAtMs: instant("known_at", Number.NEGATIVE_INFINITY) };
}

/** Reads `fx_rates`. @throws PriceDataError naming the row */
export function parseFxRates(json: unknown, where: string): FxRate[] {
  return rowsOf(json, where, ["currency", "usd", "source"], (row, at) => {
    const currency = requireCurrency(row.currency, `${at}.currency`);
    if (currency === "USD") throw new PriceDataError(`${at}.currency`, "a dollar is a dollar; rates are for other currencies");
    const nanoUsd = decimal(row.usd, 9, `${at}.usd`);
    if (nanoUsd === 0n) throw new PriceDataError(`${at}.usd`, "a rate above zero is required");
    return { currency, nanoUsd, source: optionalText(row.source, `${at}.source`) };
  });
}

/** Reads `contracts`. @throws PriceDataError naming the row */
export function parseContracts(json: unknown, where: string): Contract[] {
  return rowsOf(json, where, ["id", "provider", "model", "discount_percent", "commitment_usd"], (row, at) => {
    const model = optionalText(row.model, `${at}.model`);
    const discount = row.discount_percent === undefined ? 0n : decimal(row.discount_percent, PERCENT_SCALE, `${at}.discount_percent`);
    if (discount > WHOLE) throw new PriceDataError(`${at}.discount_percent`, "more than 100 percent");
    if (row.discount_percent === undefined && row.commitment_usd === undefined)
      throw new PriceDataError(at, "discount_percent or commitment_usd is required");
    return {
      id: requireText(row.id, `${at}.id`),
      provider: requireText(row.provider, `${at}.provider`),
      model,
      matches: modelPattern(model),
      discount,
      commitmentNano: row.commitment_usd === undefined ? undefined : decimal(row.commitment_usd, 9, `${at}.commitment_usd`),
    };
  });
}

/** Reads `markups`. @throws PriceDataError naming the row */
export function parseMarkups(json: unknown, where: string): Markup[] {
  return rowsOf(json, where, ["tenant", "provider", "model", "percent"], (row, at) => {
    const model = optionalText(row.model, `${at}.model`);
    return {
      tenant: optionalText(row.tenant, `${at}.tenant`),
      provider: optionalText(row.provider, `${at}.provider`),
      model,
      matches: modelPattern(model),
      markup: decimal(row.percent, PERCENT_SCALE, `${at}.percent`),
    };
  });
}

/** Of rows that hold then, the one that began last; of equals, the one written last. */
export function inForce<Row extends Dated>(rows: readonly Row[], atMs: number): Row | undefined {
  let last: Row | undefined;
  for (const row of rows) {
    if (atMs >= row.fromMs && atMs < row.toMs && (!last || row.fromMs >= last.fromMs)) last = row;
  }
  return last;
}

/** A price in another currency in atto-dollars per unit, rounded up to one: we never charge less than we owe. */
export function inUsd(price: bigint, rate: FxRate): bigint {
  return divideUp(price * rate.nanoUsd, NANO_PER_USD);
}

/** A list price less the discount, rounded up to an atto-dollar per unit. */
export function discounted(price: bigint, contract: Contract): bigint {
  return divideUp(price * (WHOLE - contract.discount), WHOLE);
}

/** The exact cost of a call with the markup on it, rounded up to an atto-dollar. */
export function markedUp(atto: bigint, markup: Markup | undefined): bigint {
  return markup === undefined ? atto : divideUp(atto * (WHOLE + markup.markup), WHOLE);
}

/** Millionths as decimal text of percent: 75000n is "7.5". */
export function percentText(millionths: bigint): string {
  const text = `${millionths / 10_000n}.${(millionths % 10_000n).toString().padStart(4, "0")}`;
  return text.replace(/\.?0+$/, "");
}

/** The currency of a row, USD when it says none. @throws PriceDataError */
export function requireCurrency(value: unknown, where: string): string {
  if (value === undefined) return "USD";
  if (typeof value !== "string" || !/^[A-Z]{3}$/.test(value)) throw new PriceDataError(where, "a currency such as EUR is required");
  return value;
}

function rowsOf<Row extends object>(
  json: unknown,
  where: string,
  keys: readonly string[],
  read: (row: Readonly<Record<string, unknown>>, at: string) => Row,
): (Row & Dated)[] {
  if (!Array.isArray(json)) throw new PriceDataError(where, "a list is required");
  return json.map((row: unknown, index) => {
    const at = `${where}[${index}]`;
    if (!isObject(row)) throw new PriceDataError(at, "a row is required");
    for (const key of Object.keys(row))
      if (!keys.includes(key) && !DATED_KEYS.includes(key)) throw new PriceDataError(at, `unknown key ${key}`);
    return { ...read(row, at), ...parseDated(row, at) };
  });
}

function decimal(value: unknown, scale: number, where: string): bigint {
  const text = typeof value === "number" ? String(value) : value;
  const number = typeof text === "string" ? parseDecimal(text, scale) : undefined;
  if (number === undefined || number < 0n)
    throw new PriceDataError(where, `not a number from 0 with at most ${scale} decimal places: ${String(value)}`);
  return number;
}

function optionalText(value: unknown, where: string): string | undefined {
  return value === undefined ? undefined : requireText(value, where);
}

/** A name, or a beginning of names before a star; case does not matter. */
function modelPattern(pattern: string | undefined): NameTest {
  if (pattern === undefined) return () => true;
  const text = pattern.toLowerCase();
  const star = text.indexOf("*");
  return star < 0 ? (name) => name.toLowerCase() === text : (name) => name.toLowerCase().startsWith(text.slice(0, star));
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}
