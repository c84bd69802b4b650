import fc from "fast-check";
import { expect, it } from "vitest";
import { readCsv, writeCsv } from "./csv-text.ts";

const texts = (text: string) => readCsv(text).rows.map((row) => row.map((cell) => cell.text));

it("reads what it has written, whatever the fields hold", () => {
  const field = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é", ";") });
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(table, (rows) => {
      expect(texts(writeCsv(rows))).toEqual(rows);
    }),
  );
});

it("leaves nothing that a spreadsheet would compute, but numbers, and reads it back as it was", () => {
  const row = ["=cmd|calc", "@SUM(A1)", "+x", "-y", "'=z", "-0.5", "+1", "'plain", "\tx"];
  const text = writeCsv([row]);
  expect(text).toBe("'=cmd|calc,'@SUM(A1),'+x,'-y,''=z,-0.5,+1,'plain,'\tx");
  expect(readCsv(text).rows[0]!.map((cell) => cell.text)).toEqual(row);
});

it("quotes fields as RFC 4180 asks", () => {
  expect(
    writeCsv([
      ["a", "b"],
      ['say "hi"', "x,y"],
    ]),
  ).toBe('a,b\r\n"say ""hi""","x,y"');
});

it("tells where each field begins, after fields of several lines too", () => {
  const { rows } = readCsv('\uFEFFa,b\r\n\r\n"1\n2",3\n4,"5"');
  expect(rows.flat().map(({ text, line, column }) => [text, line, column])).toEqual([
    ["a", 1, 1],
    ["b", 1, 3],
    ["1\n2", 3, 1],
    ["3", 4, 4],
    ["4", 5, 1],
    ["5", 5, 3],
  ]);
});

it("says where a text stops being CSV", () => {
  expect(readCsv('a\n"b').stop).toEqual({ line: 2, column: 1, message: "the quote that begins here is never closed" });
  expect(readCsv('"a"b').stop).toMatchObject({ line: 1, column: 4 });
  expect(readCsv("")).toEqual({ rows: [] });
});
