import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/*
 * Money is bigint, and the compiler refuses to mix bigint with number. So a float can only come in, and money only become one, through a
 * conversion. These are all the conversions, and all arithmetic that could be one of floats, in the files through which a price becomes a booking.
 * Each is listed with why it is none of money; a new one fails here until somebody has said so.
 */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MONEY_PATH = [
  ...globSync("src/core/{money,pricing,ledger}/*.ts", { cwd: ROOT }),
  ...["src/core/usage/provider-cost.ts", "src/gateway/judge-call.ts", "src/gateway/price-lookup.ts", "src/gateway/plan-call.ts"],
  ...["src/gateway/call-record.ts", "src/api/track-usage.ts", "src/api/amount.ts"],
  ...["balance-sheet", "ledger-operations", "row-shapes", "own-leases", "call-journal"].map((name) => `src/data/store/${name}.ts`),
]
  .filter((file) => !file.endsWith(".test.ts"))
  .sort();

const CALL = /\b(?:Number(?:\.parse\w+)?|parse(?:Float|Int)|BigInt)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g;
/** A method that writes a number as text, `Math`, a literal with a fraction or an exponent, a division by what is not written as a bigint. */
const ARITHMETIC =
  /\.to(?:Fixed|Precision|Exponential)\(|\bMath\.\w+|(?<![\w.])[\d_]+\.\d|\b\d[\d_]*e[-+]?\d|[\w)\]] \/ (?!\d[\d_]*n\b)|\/=/;

/** Conversions that are fine, and why. */
const CONVERSIONS: readonly (readonly [RegExp, string])[] = [
  [/^BigInt\((?:bound\.|posting\.|usage\.)?(?:input_?[tT]okens|outputTokens|webSearches|requests|count)\)$/, "a count, whole by isCount"],
  [/^BigInt\((?:budget\.)?(?:warnPercent|percent)\)$/, "a whole percent"],
  [/^BigInt\((?:whole \+ fraction|-?shift|9 - places|FACTOR_SCALE)\)$/, "decimal digits, or how many there are"],
  [/^BigInt\((?:row\.(?:limit|raised)_nano as bigint|limitNano|amount!)\)$/, "decimal text or bigint of the store"],
  [/^Number\(exponentText\)$/, "the exponent of a decimal text"],
  [/^Number\(row\.(?:hard|pressed|ended_early|warn_percent|since|window_start|window_end|\w+_at)\)$/, "a flag, a percent, a time"],
  [
    /^Number\((?:head\.(?:version|entry_seq \?\? 0|alive)|this\.#database\.one\("", \{\}\)!\.version|key\.slice\(0, space\))\)$/,
    "a serial number",
  ],
  [/^Number\((?:at|input|output)\)$/, "a time or a count in the journal"],
  [/^Number\.parseInt\(line\.slice\(0, 8\), 16\)$/, "a checksum"],
  [/^Number\(tier\.start\)$/, "a count of tokens"],
  [/^Number\(match\[\d\](?: \?\? 0)?\)$/, "a time of day, or a count of tokens"],
  [/^Number\(`\$\{digits\}e-12`\)$/, "a published figure, cut to 15 digits, for comparing catalogues"],
];

/** Lines that calculate with numbers, or divide, and why that is fine. */
const CALCULATIONS: readonly (readonly [string, RegExp, string])[] = [
  ["src/core/money/usd.ts", /^if \(Math\.abs\(shift\) > 2000\)/, "how many digits"],
  ["src/core/money/usd.ts", /^magnitude = digits \/ divisor;$/, "bigint, and the rest is looked at"],
  ["src/core/money/usd.ts", /^const rounded = \(magnitude \+ unit \/ 2n\) \/ unit;$/, "bigint, for people"],
  ["src/core/money/usd.ts", /^return \(cost \+ ATTO_PER_NANO - 1n\) \/ ATTO_PER_NANO;$/, "bigint: the one rounding, up"],
  ["src/core/ledger/lease-size.ts", /^const part = available \/ LARGEST_PART;$/, "bigint, the size of a lease"],
  [
    "src/core/pricing/explain-price.ts",
    /^const each: Atto = atto \/ BigInt\(count\);$/,
    "bigint, without a rest: the amount is count times this",
  ],
  ["src/core/pricing/price-call.ts", /^const atto = \(BigInt\(count\) \* figure \+ units - 1n\) \/ units;$/, "bigint, rounded up"],
  ["src/core/pricing/price-figures.ts", /\(price \* factor \+ unit - 1n\) \/ unit;$/, "bigint, rounded up"],
  [
    "src/core/pricing/price-catalogue.ts",
    /^const (?:usd|digits) = parseDecimal\(\w+\.toPrecision\(SURE_DIGITS\), /,
    "cuts noise behind the 15th digit of a published figure",
  ],
  [
    "src/core/pricing/diff-catalogues.ts",
    /^return formatDecimal\(\(difference \+ half\) \/ old\.usd, 2\);$/,
    "bigint, a percentage to read",
  ],
  ["src/gateway/judge-call.ts", /Math\.min\(bound\.(?:input|output)Tokens, /, "counts"],
  ["src/gateway/plan-call.ts", /^const middle = Math\.floor\(\(fits \+ tooMany\) \/ 2\);$/, "counts"],
  ["src/gateway/plan-call.ts", /^maxOutputTokens = outputThatFits\(.*Math\.max\(LEAST_OUTPUT_TOKENS, leastLimit\)/, "counts"],
  ["src/gateway/plan-call.ts", /retry_after_s: Math\.max\(1, Math\.ceil\(\(account\.window\.end - at\) \/ 1000\)\)/, "seconds"],
  ["src/gateway/call-record.ts", /^return Math\.round\(ms \* 1000\) \/ 1000;$/, "milliseconds"],
  ["src/data/store/own-leases.ts", /number: Math\.max\(number, before\)/, "a serial number"],
];

/** Without comments, regular expressions, and what stands in quotes. */
function codeOf(file: string): string {
  const quiet =
    /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$|"(?:[^"\\\n]|\\.)*"|(?<=[(=,] ?)\/(?![/* ])(?:\[(?:[^\]\\\n]|\\.)*\]|[^/\\\n[]|\\.)+\/[a-z]*/gm;
  return readFileSync(`${ROOT}${file}`, "utf8").replace(quiet, (text) => (text.startsWith('"') ? '""' : ""));
}

const places = MONEY_PATH.map((file) => ({ file, code: codeOf(file) }));

describe("the path of money", () => {
  it("has no conversion between numbers and bigints but those that are none of money", () => {
    const conversions = places.flatMap(({ file, code }) => [...code.matchAll(CALL)].map(([call]) => ({ file, call })));
    expect(conversions.filter(({ call }) => !CONVERSIONS.some(([allowed]) => allowed.test(call)))).toEqual([]);
    const unused = CONVERSIONS.filter(([allowed]) => !conversions.some(({ call }) => allowed.test(call)));
    expect(unused).toEqual([]);
  });

  it("calculates with no number but counts, times and digits", () => {
    const lines = places.flatMap(({ file, code }) => code.split("\n").map((line) => ({ file, line: line.trim() })));
    const found = lines.filter(({ line }) => ARITHMETIC.test(line));
    expect(found.filter(({ file, line }) => !CALCULATIONS.some(([where, allowed]) => where === file && allowed.test(line)))).toEqual([]);
    const unused = CALCULATIONS.filter(([where, allowed]) => !found.some(({ file, line }) => where === file && allowed.test(line)));
    expect(unused).toEqual([]);
  });

  it("sees what it looks for", () => {
    const calls = (text: string) => [...text.matchAll(CALL)].map(([call]) => call);
    expect(calls("x = Number(cost.total(a)) + parseFloat(text)")).toEqual(["Number(cost.total(a))", "parseFloat(text)"]);
    const floats = ["x = nano / 1e9;", "x = 0.1 * y;", "x = a / b;", "x /= 2;", "x.toFixed(2)", "x = Math.round(y);", "x = 1e-9;"];
    for (const line of floats) expect([line, ARITHMETIC.test(line)]).toEqual([line, true]);
    for (const line of ["x = nano / 1_000n;", "x = 2n * y;", "const a = b.c;"])
      expect([line, ARITHMETIC.test(line)]).toEqual([line, false]);
  });

  it("has money in no number: nothing called an amount in nano or atto is one, in all of the product", () => {
    const product = globSync("src/**/*.ts", { cwd: ROOT }).filter((file) => !/\.test\.ts$|-conformance\.ts$|-test-kit\.ts$/.test(file));
    const typed = product.flatMap((file) =>
      [...codeOf(file).matchAll(/\w*(?:Nano|Atto)\??: (?:readonly )?number\b/g)].map(([text]) => ({ file, text })),
    );
    expect(typed).toEqual([]);
  });
});
