import { compare, ONE, parseRational, type Rational, ZERO } from "./rational.ts";
import type { InputUnit } from "./scenario-inputs.ts";
import { fixed, type Spread } from "./spread.ts";

/** Where in the document: the names and numbers on the way to it. */
export type Path = readonly (string | number)[];

export interface ScenarioFinding {
  readonly path: Path;
  /** What was expected and what was found. */
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads values out of a document and notes all that is wrong, so that one look at the answer mends the whole file. */
export class DocumentReader {
  readonly findings: ScenarioFinding[] = [];

  note(path: Path, message: string): undefined {
    this.findings.push({ path, message });
    return undefined;
  }

  /** The fields of an object; those that are not known are findings. No object at all is one too, unless it may be left out. */
  fields(value: unknown, path: Path, known: readonly string[], need: "required" | "optional" = "required"): Fields | undefined {
    if (value === undefined && need === "optional") return undefined;
    if (!isFields(value)) return this.note(path, `expected fields, found ${shown(value)}`);
    for (const name of Object.keys(value)) {
      if (!known.includes(name)) this.note([...path, name], `there is no ${name} here; there are ${known.join(", ")}`);
    }
    return value;
  }

  /** Fields whose names are the writer's own. */
  record(value: unknown, path: Path): Fields {
    if (value === undefined) return {};
    if (isFields(value)) return value;
    this.note(path, `expected names with values, found ${shown(value)}`);
    return {};
  }

  list(value: unknown, path: Path, most: number): readonly unknown[] {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.length <= most) return value;
    this.note(path, `expected a list of at most ${most}, found ${Array.isArray(value) ? `${value.length} entries` : shown(value)}`);
    return [];
  }

  text(value: unknown, path: Path): string | undefined {
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "" && value.length <= 128) return value;
    return this.note(path, `expected a text of at most 128 characters, found ${shown(value)}`);
  }

  whole(value: unknown, path: Path, least: number, most: number): number | undefined {
    if (value === undefined) return undefined;
    const number = /^\d{1,12}$/.test(String(value)) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    return this.note(path, `expected a whole number from ${least} to ${most}, found ${shown(value)}`);
  }

  /** A number, or `{ low, high }`, or `{ low, likely, high }`. */
  spread(value: unknown, path: Path, unit: InputUnit): Spread | undefined {
    if (value === undefined) return undefined;
    if (!isFields(value)) {
      const number = this.number(value, path, unit);
      return number && fixed(number);
    }
    this.fields(value, path, ["low", "likely", "high"]);
    if (value.low === undefined || value.high === undefined) return this.note(path, "a range needs low and high");
    const low = this.number(value.low, [...path, "low"], unit);
    const high = this.number(value.high, [...path, "high"], unit);
    const likely = value.likely === undefined ? undefined : this.number(value.likely, [...path, "likely"], unit);
    if (!low || !high || (value.likely !== undefined && !likely)) return undefined;
    if (compare(low, high) > 0) return this.note(path, "low is above high");
    if (likely && (compare(likely, low) < 0 || compare(likely, high) > 0))
      return this.note([...path, "likely"], "is not between low and high");
    const middle = { top: low.top * high.bottom + high.top * low.bottom, bottom: 2n * low.bottom * high.bottom };
    return { low, likely: likely ?? middle, high, peaked: likely !== undefined };
  }

  number(value: unknown, path: Path, unit: InputUnit): Rational | undefined {
    // A JSON number goes through its shortest text, so that 0.7 is seven tenths and not the binary fraction nearest to it.
    const text = typeof value === "number" ? String(value) : value;
    const number = typeof text === "string" && text.length <= 60 ? parseRational(text.replaceAll("_", "")) : undefined;
    if (!number) return this.note(path, `expected ${EXPECTED[unit]}, found ${shown(value)}`);
    const least = unit === "rate" ? MINUS_ONE : ZERO;
    const outside = compare(number, least) < 0 || compare(number, unit === "share" ? ONE : MOST) > 0;
    return outside ? this.note(path, `expected ${EXPECTED[unit]}, found ${shown(value)}`) : number;
  }
}

const MINUS_ONE: Rational = { top: -1n, bottom: 1n };
/** Beyond all money and all requests there are; a number with a thousand digits is somebody wasting our time. */
const MOST: Rational = { top: 10n ** 15n, bottom: 1n };

const EXPECTED: Readonly<Record<InputUnit, string>> = {
  usd: "an amount of USD from 0 up, such as 0.004",
  share: "a share from 0 to 1, such as 0.6 or 60%",
  rate: "a rate such as 0.05 or 5%, not below -100%",
  count: "a number from 0 up",
};

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "fields";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
