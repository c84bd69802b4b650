/** One line of the results: the values of the rounds, in the order in which they were measured. */
export interface Figure {
  readonly benchmark: string;
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** What the product is to reach, in words; nothing is asserted. */
  readonly goal?: string;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  /** What could not be measured, and why. */
  readonly notes: readonly string[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function summaryOf({ values, ...figure }: Figure): Record<string, unknown> {
  return { ...figure, median: median(values), min: Math.min(...values), max: Math.max(...values), values };
}

/** Median and range of each figure, as a table. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ benchmark, name, unit, values, goal }) => {
    const range = values.length > 1 ? `${text(Math.min(...values))} – ${text(Math.max(...values))}` : "";
    return [benchmark, name, text(median(values)), range, unit, goal ?? ""];
  });
  const table = [["benchmark", "figure", "median", "min – max", "unit", "goal"], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => (column === 2 || column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd();
  return table.map(line).join("\n");
}

function text(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
