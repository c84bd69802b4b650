import { isObject, PriceDataError } from "./price-data-error.ts";

/** Says whether a model name, as sent to or answered by a provider, is the model that a price is for. */
export type NameTest = (name: string) => boolean;

const DEEPEST_CLAUSE = 8;

/**
 * Reads a match clause of the genai-prices format: one of `equals`, `starts_with`, `ends_with`, `contains`, `regex`, `or`, `and`.
 * Names are compared in lower case, as providers do not tell case apart and callers mix it.
 * @throws PriceDataError on anything else
 */
export function parseNameTest(clause: unknown, where: string, depth = 0): NameTest {
  if (!isObject(clause) || depth > DEEPEST_CLAUSE) throw new PriceDataError(where, "a match clause is required");
  const [entry, ...more] = Object.entries(clause);
  if (!entry || more.length > 0) throw new PriceDataError(where, "a match clause has one word");
  const [word, operand] = entry;
  if (word === "or" || word === "and") {
    if (!Array.isArray(operand)) throw new PriceDataError(where, `${word} takes a list of clauses`);
    const tests = operand.map((part) => parseNameTest(part, where, depth + 1));
    return word === "or" ? (name) => tests.some((test) => test(name)) : (name) => tests.every((test) => test(name));
  }
  if (typeof operand !== "string" || operand === "") throw new PriceDataError(where, `${word} takes a text`);
  const text = operand.toLowerCase();
  switch (word) {
    case "equals":
      return (name) => name.toLowerCase() === text;
    case "starts_with":
      return (name) => name.toLowerCase().startsWith(text);
    case "ends_with":
      return (name) => name.toLowerCase().endsWith(text);
    case "contains":
      return (name) => name.toLowerCase().includes(text);
    case "regex":
      return regexTest(operand, where);
    default:
      throw new PriceDataError(where, `unknown match word: ${word}`);
  }
}

function regexTest(source: string, where: string): NameTest {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, "i");
  } catch (error) {
    throw new PriceDataError(where, `not a regular expression: ${source}`, { cause: error });
  }
  return (name) => pattern.test(name);
}
