import { stringify } from "yaml";
import { type BACKLOG_FORMATS, MOST_BACKLOG_ITEMS } from "../contract/backlog-contract.ts";
import { Problem } from "../contract/problem.ts";
import type { BacklogItem } from "../core/backlog/backlog-item.ts";
import type { Instant } from "../core/time/window.ts";
import { writeCsv } from "../std/csv-text.ts";
import {
  BACKLOG_COLUMNS,
  type BacklogColumn,
  type BacklogPlan,
  type BacklogWish,
  backlogCells,
  planBacklogItem,
} from "./backlog-change.ts";
import { type FileFinding, type FileRow, type FileShape, readRowFile, refuseWrongFile } from "./row-file.ts";

type BacklogFormat = (typeof BACKLOG_FORMATS)[number];

const SHAPE: FileShape<BacklogColumn> = {
  columns: BACKLOG_COLUMNS,
  list: "backlog",
  example: "an item, such as { lever: prompt_compression, target: 20%, owner: Platform }",
  asWritten: new Set(["id", "owner", "note"]),
};

export function writeBacklogFile(format: BacklogFormat, items: readonly BacklogItem[]): string {
  const cells = items.map(backlogCells);
  if (format === "csv") return writeCsv([BACKLOG_COLUMNS, ...cells.map((cell) => BACKLOG_COLUMNS.map((column) => cell[column]))]);
  // Texts over several lines are quoted: in a block not every text can be told from its indentation.
  const list = cells.map((cell) => Object.fromEntries(Object.entries(cell).filter(([, text]) => text !== "")));
  return stringify({ backlog: list }, { lineWidth: 0, blockQuote: false }).trimEnd();
}

/**
 * What the rows would change, item by item; those that the file does not name stay.
 * @throws Problem import_invalid with everything that is wrong, each with its line and column
 */
export function planBacklogImport(
  file: { readonly format: BacklogFormat; readonly text: string; readonly reason: string },
  known: readonly BacklogItem[],
  at: Instant,
): BacklogPlan[] {
  const reading = readRowFile(file.format, file.text, SHAPE);
  const findings: FileFinding[] = [...reading.findings];
  const tooMany = reading.rows[MOST_BACKLOG_ITEMS];
  if (tooMany)
    findings.push({ ...placeOf(tooMany), field: "", message: `an import has at most ${MOST_BACKLOG_ITEMS} items; split the file` });
  const byId = new Map(known.map((item) => [item.id, item]));
  const lines = new Map<string, number>();
  const plans = reading.rows.slice(0, MOST_BACKLOG_ITEMS).flatMap((row) => {
    try {
      const plan = planBacklogItem(wishOf(row), itemOf(row, byId), at, file.reason);
      const first = lines.get(plan.item.id);
      if (first === undefined) lines.set(plan.item.id, row.line);
      else
        findings.push({ ...placeOf(row.cells.get("id") ?? row), field: "id", message: `this item is there twice, first at line ${first}` });
      return [plan];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Where something of the file could not be read, what is missing may be what is told of already.
      const field = (error.code === "invalid_scope" ? "scope" : String(error.details.field).slice(1)) as BacklogColumn;
      if (reading.findings.length > 0 && !row.cells.has(field)) return [];
      const message = error.message.replace(`/${field} `, "").replace(/\.$/, "");
      findings.push({ ...placeOf(row.cells.get(field) ?? row), field, message });
      return [];
    }
  });
  refuseWrongFile(findings);
  return plans;
}

function wishOf(row: FileRow<BacklogColumn>): BacklogWish {
  return Object.fromEntries(Array.from(row.cells, ([column, { text }]) => [column, text]));
}

/** By its id, or by the one that lever and scope make. */
function itemOf(row: FileRow<BacklogColumn>, byId: ReadonlyMap<string, BacklogItem>): BacklogItem | undefined {
  const id = row.cells.get("id")?.text;
  if (id !== undefined) return byId.get(id);
  const { lever, scope, target } = wishOf(row);
  if (lever === undefined || target === undefined) return undefined;
  return byId.get(planBacklogItem({ lever, scope, target }, undefined, 0, "").item.id);
}

function placeOf({ line, column }: { line: number; column: number }) {
  return { line, column };
}
