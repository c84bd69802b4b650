import { type ArchiveFile, zipArchive } from "./zip-archive.ts";

/** How a cell looks. Inputs are those that a reader is meant to change. */
const LOOKS = {
  plain: { font: 0, fill: 0, format: 0 },
  title: { font: 1, fill: 0, format: 0 },
  head: { font: 2, fill: 3, format: 0 },
  note: { font: 3, fill: 0, format: 0 },
  number: { font: 0, fill: 0, format: 0 },
  count: { font: 0, fill: 0, format: 3 },
  amount: { font: 0, fill: 0, format: 4 },
  unit: { font: 0, fill: 0, format: 164 },
  share: { font: 0, fill: 0, format: 10 },
  total: { font: 2, fill: 0, format: 4 },
  unitTotal: { font: 2, fill: 0, format: 164 },
  inputNumber: { font: 4, fill: 2, format: 0 },
  inputShare: { font: 4, fill: 2, format: 10 },
} as const;
export type CellLook = keyof typeof LOOKS;

/** A text, a number, or a formula without its equals sign and with the value that it has now. */
export type Cell =
  | { readonly text: string; readonly look?: CellLook }
  | { readonly number: number; readonly look?: CellLook }
  | { readonly formula: string; readonly value: number; readonly look?: CellLook };

export interface Sheet {
  /** Letters and spaces, at most 31. */
  readonly name: string;
  readonly rows: readonly (readonly (Cell | undefined)[])[];
  /** Widths of the columns from the first, in characters; 16 for the rest. */
  readonly widths: readonly number[];
  /** Rows and columns that stay where they are when the rest is scrolled. */
  readonly frozen: { readonly rows: number; readonly columns: number };
}

/**
 * A workbook in Office Open XML (ECMA-376), the format of .xlsx. Formulas carry their value, so that a program which only reads shows the
 * figures too; one that calculates does so when it opens the file.
 */
export function xlsxWorkbook(sheets: readonly Sheet[]): Uint8Array {
  const numbered = sheets.map((sheet, index) => ({ sheet, file: `worksheets/sheet${index + 1}.xml`, id: `rId${index + 1}` }));
  const files: ArchiveFile[] = [
    { name: "[Content_Types].xml", text: contentTypes(numbered.map(({ file }) => file)) },
    { name: "_rels/.rels", text: relationships([{ id: "rId1", type: "officeDocument", target: "xl/workbook.xml" }]) },
    { name: "xl/workbook.xml", text: bookText(numbered.map(({ sheet, id }) => ({ name: sheet.name, id }))) },
    {
      name: "xl/_rels/workbook.xml.rels",
      text: relationships([
        ...numbered.map(({ file, id }) => ({ id, type: "worksheet", target: file })),
        { id: "rIdStyles", type: "styles", target: "styles.xml" },
      ]),
    },
    { name: "xl/styles.xml", text: STYLES },
    ...numbered.map(({ sheet, file }) => ({ name: `xl/${file}`, text: sheetText(sheet) })),
  ];
  return zipArchive(files);
}

/** "A" for 0, "AA" for 26. */
export function columnName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : columnName(Math.floor(index / 26) - 1) + letter;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

function contentTypes(files: readonly string[]): string {
  const kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const parts = [
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>',
    '<Default Extension="xml" ContentType="application/xml"/>',
    `<Override PartName="/xl/workbook.xml" ContentType="${kind}.sheet.main+xml"/>`,
    `<Override PartName="/xl/styles.xml" ContentType="${kind}.styles+xml"/>`,
    ...files.map((file) => `<Override PartName="/xl/${file}" ContentType="${kind}.worksheet+xml"/>`),
  ];
  return `${DECLARATION}<Types xmlns="${PACKAGE}/content-types">${parts.join("")}</Types>`;
}

function relationships(all: readonly { id: string; type: string; target: string }[]): string {
  const parts = all.map(({ id, type, target }) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`);
  return `${DECLARATION}<Relationships xmlns="${PACKAGE}/relationships">${parts.join("")}</Relationships>`;
}

function bookText(sheets: readonly { name: string; id: string }[]): string {
  const parts = sheets.map(({ name, id }, index) => `<sheet name="${escaped(name)}" sheetId="${index + 1}" r:id="${id}"/>`);
  return `${DECLARATION}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${parts.join("")}</sheets><calcPr calcId="191029" fullCalcOnLoad="1"/></workbook>`;
}

function sheetText({ rows, widths, frozen }: Sheet): string {
  const columns = widths.map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`);
  const place = `${columnName(frozen.columns)}${frozen.rows + 1}`;
  const isFrozen = frozen.rows + frozen.columns > 0;
  const split = [frozen.columns > 0 ? `xSplit="${frozen.columns}" ` : "", frozen.rows > 0 ? `ySplit="${frozen.rows}" ` : ""].join("");
  const corner = frozen.columns === 0 ? "bottomLeft" : frozen.rows === 0 ? "topRight" : "bottomRight";
  const pane = isFrozen ? `<pane ${split}topLeftCell="${place}" activePane="${corner}" state="frozen"/>` : "";
  const body = rows.map((row, index) => {
    const cells = row.map((cell, column) => (cell ? cellText(cell, `${columnName(column)}${index + 1}`) : "")).join("");
    return cells === "" ? "" : `<row r="${index + 1}">${cells}</row>`;
  });
  const view = `<sheetViews><sheetView workbookViewId="0">${pane}</sheetView></sheetViews><sheetFormatPr defaultColWidth="16" defaultRowHeight="15"/>`;
  const cols = columns.length > 0 ? `<cols>${columns.join("")}</cols>` : "";
  return `${DECLARATION}<worksheet xmlns="${MAIN}">${view}${cols}<sheetData>${body.join("")}</sheetData></worksheet>`;
}

function cellText(cell: Cell, place: string): string {
  const style = ` s="${Object.keys(LOOKS).indexOf(cell.look ?? "plain")}"`;
  if ("text" in cell) return `<c r="${place}"${style} t="inlineStr"><is><t xml:space="preserve">${escaped(cell.text)}</t></is></c>`;
  if ("number" in cell) return `<c r="${place}"${style}><v>${cell.number}</v></c>`;
  return `<c r="${place}"${style}><f>${escaped(cell.formula)}</f><v>${cell.value}</v></c>`;
}

/** Without what XML cannot hold: control characters and halves of pairs. */
function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  const able = text.toWellFormed().replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}");
  return able.replace(/[&<>"]/g, (sign) => signs[sign] ?? sign);
}

const APPLIED = 'applyNumberFormat="1" applyFont="1" applyFill="1"';
const FONT = '<name val="Calibri"/><family val="2"/>';
const NO_BORDER = "<border><left/><right/><top/><bottom/><diagonal/></border>";
const STYLES = `${DECLARATION}<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="0.0000########"/></numFmts>${[
  `<fonts count="5"><font><sz val="11"/>${FONT}</font>`,
  `<font><b/><sz val="14"/>${FONT}</font>`,
  `<font><b/><sz val="11"/>${FONT}</font>`,
  `<font><i/><sz val="10"/><color rgb="FF595959"/>${FONT}</font>`,
  `<font><sz val="11"/><color rgb="FF0000FF"/>${FONT}</font></fonts>`,
  '<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>',
  '<fill><patternFill patternType="solid"><fgColor rgb="FFFFF9E5"/></patternFill></fill>',
  '<fill><patternFill patternType="solid"><fgColor rgb="FFE7ECF2"/></patternFill></fill></fills>',
  `<borders count="1">${NO_BORDER}</borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>`,
  `<cellXfs count="${Object.keys(LOOKS).length}">${Object.values(LOOKS)
    .map(({ font, fill, format }) => `<xf numFmtId="${format}" fontId="${font}" fillId="${fill}" borderId="0" xfId="0" ${APPLIED}/>`)
    .join("")}</cellXfs>`,
].join("")}</styleSheet>`;
