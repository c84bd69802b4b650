export interface TableColumn {
  readonly title: string;
  readonly align?: "right";
}

/** Columns two spaces apart, as wide as their widest cell; numbers stand right. Lines carry no spaces at their end. */
export function printTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  const lines = cells.map((row) =>
    columns.map(({ align }, index) =>
      align === "right" ? (row[index] ?? "").padStart(widths[index]!) : (row[index] ?? "").padEnd(widths[index]!),
    ),
  );
  return lines.map((line) => line.join("  ").trimEnd()).join("\n");
}

/** Names come from callers; control characters in them must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
