import { Problem } from "../contract/problem.ts";
import { findJsonStop } from "./json-stop.ts";
import { findRepeatedMember } from "./repeated-member.ts";

/**
 * Reads a request body. Amounts (fields ending in `_usd`) and quantities (`units`, and `doubleValue` of spans) keep the digits that were sent: a number with more digits than a
 * double carries, or beyond its range, is then refused or booked as written, never as its neighbour.
 * @returns undefined for an empty body
 * @throws Problem invalid_json with the position where reading stopped; invalid_request with the position of a member that its object has
 *   already
 */
export function readJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Problem("invalid_json", {}, { cause: error, message: "The body is not UTF-8." });
  }
  let body: unknown;
  try {
    body = JSON.parse(text, keepAmounts as (key: string, value: unknown) => unknown);
  } catch (error) {
    const stop = findJsonStop(text) ?? { offset: 0, line: 1, column: 1 };
    const end = stop.offset >= text.length ? "The body ends too early" : "The body stops being JSON";
    // V8's message quotes the body, so it stays out of the answer.
    throw new Problem(
      "invalid_json",
      { position: stop.offset, line: stop.line, column: stop.column },
      { cause: error, message: `${end} at line ${stop.line}, column ${stop.column}.` },
    );
  }
  const repeated = findRepeatedMember(text);
  if (repeated === undefined) return body;
  const { field, offset, line, column } = repeated;
  throw new Problem(
    "invalid_request",
    { field, in: "body", position: offset, line, column },
    { message: `${field} is there twice; the second one is at line ${line}, column ${column}.` },
  );
}

function keepAmounts(key: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === "number" && (key.endsWith("_usd") || key === "units" || key === "doubleValue") && context.source !== undefined
    ? context.source
    : value;
}
