import { Problem } from "../contract/problem.ts";
import { formatUsd, type Nano, parseDecimal } from "../core/money/usd.ts";

/**
 * Reads an amount of USD from a request, exactly.
 * @param field the JSON pointer to name when it is none
 * @throws Problem amount_invalid: not a number, below zero, beyond 9 decimal places, or above `most`
 */
export function readAmount(value: number | string, field: string, most: Nano): Nano {
  const text = String(value);
  if (text.length > 60) refuse(field, "is too long to be an amount");
  if (parseDecimal(text, 0, "down") === undefined) refuse(field, "is not a decimal number");
  const nano = parseDecimal(text, 9);
  if (text.startsWith("-") && nano !== 0n) refuse(field, "is below zero");
  if (nano === undefined) refuse(field, "has more than 9 decimal places");
  if (nano > most) refuse(field, `is above the most that is accepted here, ${formatUsd(most)} USD`);
  return nano;
}

function refuse(field: string, why: string): never {
  throw new Problem("amount_invalid", { field }, { message: `${field} ${why}.` });
}
