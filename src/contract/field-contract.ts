import { type TProperties, Type } from "typebox";
import { RAISE_STATES } from "../core/ledger/budget-raise.ts";
import { HEADER_DIMENSIONS } from "../core/scope/scope.ts";

/** An object that names all it can hold: unknown fields in a request are an error, and answers say no more than is written here. */
export function closed<P extends TProperties>(properties: P, options: { description?: string } = {}) {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** Money in a request: a JSON number or decimal text. Which numbers are amounts is decided in one place, `api/amount.ts`. */
export const amountIn = Type.Unsafe<number | string>({
  type: ["number", "string"],
  description: "USD, zero or more, at most 9 decimal places; a number or decimal text",
});

/** Money in an answer: exact decimal text. */
export const usdText = Type.String({ pattern: "^-?\\d+(\\.\\d+)?$", description: "USD, exact decimal text" });

/** Money in the budget service of the guide, which prints numbers. */
export const usdNumber = Type.Number({ description: "USD" });

export const instantText = Type.String({
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?Z$",
  description: "UTC, ISO 8601",
});

export function orNull<T extends Parameters<typeof Type.Union>[0][number]>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

export const raiseView = closed({
  id: Type.String(),
  budget: Type.String(),
  amount_usd: usdText,
  begins_at: instantText,
  ends_at: instantText,
  state: Type.Enum([...RAISE_STATES]),
  ended_early: Type.Boolean(),
  approver: Type.String(),
  reason: Type.String(),
  created_at: instantText,
});

/** Checked further against `isScopeValue`, whose answer names the field. */
export const scopeText = Type.String({
  minLength: 1,
  maxLength: 128,
  description: "Letters, digits and . _ : @ / + - and space, at most 128 characters",
});

export const dryRunQuery = closed({
  dry_run: Type.Optional(Type.Enum(["true", "false"], { description: "true: says what would be, and changes nothing" })),
});
/** Only in the answer to a dry run. */
export const dryRun = Type.Optional(Type.Literal(true));

/** What whoever made a change should know of it. */
export const notes = Type.Array(Type.String(), { description: "Whole sentences for people: what the budget covers, and who else sets it" });

export const idText = Type.String({ minLength: 1, maxLength: 400 });
export const tokenCount = Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 });
export const count = Type.Integer({ minimum: 0 });
/** At most 1000. */
export const limitQuery = Type.String({ pattern: "^([1-9]\\d{0,2}|1000)$", description: "How many rows at most, 1 to 1000" });
export const headerDimension = Type.Enum([...HEADER_DIMENSIONS]);
