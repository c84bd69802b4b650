/** One field, with the place where it begins; lines and columns count from 1. */
export interface CsvCell {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

export interface CsvReading {
  readonly rows: readonly (readonly CsvCell[])[];
  /** Where the text stops being CSV, and why; then nothing after it was read. */
  readonly stop?: { readonly line: number; readonly column: number; readonly message: string } | undefined;
}

/** Fields with commas between them, as RFC 4180 has them; any line ends. Empty lines are left out. */
export function readCsv(text: string): CsvReading {
  const rows: CsvCell[][] = [];
  let row: CsvCell[] = [];
  let [at, line, lineStart] = [text.startsWith("\uFEFF") ? 1 : 0, 1, 0];
  lineStart = at;
  const endRow = () => {
    if (row.length > 1 || row[0]?.text !== "") rows.push(row);
    row = [];
  };
  for (;;) {
    const place = { line, column: at - lineStart + 1 };
    let value: string;
    if (text[at] === '"') {
      const quoted = quotedFrom(text, at);
      if (!quoted) return { rows, stop: { ...place, message: "the quote that begins here is never closed" } };
      value = quoted.value;
      for (let newline = text.indexOf("\n", at); newline >= 0 && newline < quoted.end; newline = text.indexOf("\n", newline + 1)) {
        line += 1;
        lineStart = newline + 1;
      }
      at = quoted.end;
      if (at < text.length && !/[,\r\n]/.test(text[at]!)) {
        return {
          rows,
          stop: { line, column: at - lineStart + 1, message: "expected a comma or the end of the line after a quoted field" },
        };
      }
    } else {
      const end = endOfField(text, at);
      value = text.slice(at, end);
      at = end;
    }
    row.push({ text: GUARDED.test(value) ? value.slice(1) : value, ...place });
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    endRow();
    if (at >= text.length) return { rows };
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line += 1;
    lineStart = at;
    if (at >= text.length) return { rows };
  }
}

function quotedFrom(text: string, start: number): { value: string; end: number } | undefined {
  let value = "";
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return undefined;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    at = quote + 2;
  }
}

function endOfField(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

/** What a spreadsheet would compute, numbers aside, and what looks like one with the guard before it. */
const FORMULA = /^'*[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const GUARDED = /^'+[=+\-@\t\r]/;

/**
 * Rows as RFC 4180 has them, without an end of line after the last. Text that a spreadsheet would take for a formula gets an apostrophe,
 * which `readCsv` takes off again.
 */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  const field = (raw: string) => {
    const text = FORMULA.test(raw) && !NUMBER.test(raw) ? `'${raw}` : raw;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(field).join(",")).join("\r\n");
}
