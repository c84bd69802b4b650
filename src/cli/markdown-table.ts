import { printable, type TableColumn } from "./print-table.ts";

/** A table of Markdown; what could end a cell or a line is escaped. */
export function markdownTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => printable(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = columns.map(({ align }) => (align === "right" ? "---:" : "---"));
  return [line(columns.map(({ title }) => title)), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}
