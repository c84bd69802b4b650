import { inflateRawSync } from "node:zlib";
import { invariant } from "../../core/invariant.ts";
import { columnName } from "../../std/xlsx-workbook.ts";

/*
 * A spreadsheet for tests: it reads a workbook's bytes and computes every cell from its formula, for exactly the grammar that the cost
 * model writes. The values that stand beside the formulas are not looked at.
 */
export interface ReadCell {
  readonly text: string | undefined;
  readonly number: number | undefined;
  readonly formula: string | undefined;
}
export type ReadBook = ReadonlyMap<string, ReadonlyMap<string, ReadCell>>;

export function filesOf(archive: Uint8Array): Map<string, string> {
  const bytes = Buffer.from(archive);
  const files = new Map<string, string>();
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let place = bytes.readUInt32LE(end + 16);
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count--) {
    const [packed, nameLength] = [bytes.readUInt32LE(place + 20), bytes.readUInt16LE(place + 28)];
    const name = bytes.toString("utf8", place + 46, place + 46 + nameLength);
    const entry = bytes.readUInt32LE(place + 42);
    const start = entry + 30 + bytes.readUInt16LE(entry + 26) + bytes.readUInt16LE(entry + 28);
    const body = bytes.subarray(start, start + packed);
    files.set(name, (bytes.readUInt16LE(place + 10) === 8 ? inflateRawSync(body) : body).toString("utf8"));
    place += 46 + nameLength + bytes.readUInt16LE(place + 30) + bytes.readUInt16LE(place + 32);
  }
  return files;
}

export function readBook(archive: Uint8Array): ReadBook {
  const files = filesOf(archive);
  const book = new Map<string, ReadonlyMap<string, ReadCell>>();
  const targets = new Map(
    [...files.get("xl/_rels/workbook.xml.rels")!.matchAll(/<Relationship [^>]*>/g)].map(([tag]) => [
      attribute(tag, "Id"),
      attribute(tag, "Target"),
    ]),
  );
  for (const [tag] of files.get("xl/workbook.xml")!.matchAll(/<sheet [^>]*>/g)) {
    const text = files.get(`xl/${targets.get(attribute(tag, "r:id"))}`)!;
    book.set(
      plain(attribute(tag, "name")),
      new Map(
        [...text.matchAll(/<c ([^>]*?)(?:\/>|>(.*?)<\/c>)/gs)].map(([, attributes, inner = ""]) => [
          attribute(`<c ${attributes}`, "r"),
          cellOf(inner),
        ]),
      ),
    );
  }
  return book;
}

function cellOf(inner: string): ReadCell {
  const part = (name: string) => new RegExp(`<${name}[^>]*>(.*?)</${name}>`, "s").exec(inner)?.[1];
  const [text, number, formula] = [part("t"), part("v"), part("f")];
  return {
    text: text === undefined ? undefined : plain(text),
    number: number === undefined ? undefined : Number(number),
    formula: formula && plain(formula),
  };
}

function attribute(tag: string, name: string): string {
  return new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
}

function plain(text: string): string {
  return text.replace(/&(lt|gt|quot|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", quot: '"', amp: "&" })[name]!);
}

/** "D7" of the row that begins with the label and the column whose title it is, in the row of titles that says `corner`. */
export function placeOf(book: ReadBook, sheet: string, label: string, title: string, corner: string): string {
  const cells = book.get(sheet)!;
  const rowOf = (text: string) => [...cells].find(([place, cell]) => /^A\d+$/.test(place) && cell.text === text)?.[0].slice(1);
  const [titles, row] = [rowOf(corner), rowOf(label)];
  const column = [...cells]
    .find(([place, cell]) => cell.text === title && place.replace(/^[A-Z]+/, "") === titles)?.[0]
    .replace(/\d+$/, "");
  invariant(row !== undefined && column !== undefined, `${sheet} has no ${label} of ${title}`);
  return `${sheet}!${column}${row}`;
}

/** @param changed other values for cells that hold numbers, by "Sheet!D7" */
export function recalculated(book: ReadBook, changed: ReadonlyMap<string, number> = new Map()): (place: string) => number {
  const found = new Map<string, number>();
  const computed = (place: string): number => {
    const known = found.get(place) ?? changed.get(place);
    if (known !== undefined) return known;
    const [sheet = "", at = ""] = place.split("!");
    const cell = book.get(sheet)?.get(at);
    const value = cell?.formula === undefined ? (cell?.number ?? 0) : new FormulaReader(cell.formula, sheet, computed).whole();
    found.set(place, value);
    return value;
  };
  return computed;
}

class FormulaReader {
  #rest: string;
  readonly #sheet: string;
  readonly #computed: (place: string) => number;

  constructor(formula: string, sheet: string, computed: (place: string) => number) {
    this.#rest = formula;
    this.#sheet = sheet;
    this.#computed = computed;
  }

  whole(): number {
    const value = this.#comparison();
    invariant(this.#rest === "", `what is ${this.#rest}?`);
    return value;
  }

  #take(pattern: RegExp): string | undefined {
    const found = new RegExp(`^(?:${pattern.source})`).exec(this.#rest)?.[0];
    if (found !== undefined) this.#rest = this.#rest.slice(found.length);
    return found;
  }

  #comparison(): number {
    const one = this.#sum();
    return this.#take(/=/) ? Number(one === this.#sum()) : one;
  }

  #sum(): number {
    let value = this.#product();
    for (let sign = this.#take(/[+-]/); sign; sign = this.#take(/[+-]/)) value += (sign === "+" ? 1 : -1) * this.#product();
    return value;
  }

  #product(): number {
    let value = this.#single();
    for (let sign = this.#take(/[*/]/); sign; sign = this.#take(/[*/]/)) {
      const other = this.#single();
      value = sign === "*" ? value * other : value / other;
    }
    return value;
  }

  #single(): number {
    const number = this.#take(/\d+(\.\d+)?/);
    if (number) return Number(number);
    if (this.#take(/\(/)) {
      const value = this.#comparison();
      invariant(this.#take(/\)/) !== undefined, `no ) before ${this.#rest}`);
      return value;
    }
    const called = this.#take(/[A-Z]+\(/);
    if (called) return FUNCTIONS[called]!(this.#parameters());
    const [value] = this.#cells();
    return value!;
  }

  #parameters(): number[] {
    const values: number[] = [];
    do {
      if (/^([A-Za-z]+!)?[A-Z]+\d+:/.test(this.#rest)) values.push(...this.#cells());
      else values.push(this.#comparison());
    } while (this.#take(/,/));
    invariant(this.#take(/\)/) !== undefined, `no ) before ${this.#rest}`);
    return values;
  }

  #cells(): number[] {
    const place = this.#take(/([A-Za-z]+!)?\$?[A-Z]+\$?\d+(:[A-Z]+\d+)?/);
    invariant(place !== undefined, `what is ${this.#rest}?`);
    const [sheet, range] = place.includes("!") ? (place.split("!") as [string, string]) : [this.#sheet, place];
    const [first = "", last = first] = range.replaceAll("$", "").split(":");
    const [from, to] = [first, last].map((at) => ({ column: columnOf(at.replace(/\d+/, "")), row: Number(at.replace(/\D+/, "")) })) as [
      At,
      At,
    ];
    const values: number[] = [];
    for (let row = from.row; row <= to.row; row++) {
      for (let column = from.column; column <= to.column; column++) values.push(this.#computed(`${sheet}!${columnName(column)}${row}`));
    }
    return values;
  }
}

interface At {
  readonly column: number;
  readonly row: number;
}

function columnOf(letters: string): number {
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

const FUNCTIONS: Readonly<Record<string, (values: number[]) => number>> = {
  "SUM(": (values) => values.reduce((sum, value) => sum + value, 0),
  "ROUND(": ([value = 0, places = 0]) => Math.sign(value) * moved(Math.round(moved(Math.abs(value), places)), -places),
  "ROUNDUP(": ([value = 0, places = 0]) => Math.sign(value) * moved(Math.ceil(moved(Math.abs(value), places)), -places),
  "IF(": ([condition = 0, then = 0, otherwise = 0]) => (condition ? then : otherwise),
};

/** The decimal point moved, as spreadsheets round: 1.005 to two places is 1.01. */
function moved(value: number, places: number): number {
  const [digits, exponent = "0"] = String(value).split("e");
  return Number(`${digits}e${Number(exponent) + places}`);
}
