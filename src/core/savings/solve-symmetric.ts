/** Below this part of its own size, what is left of a column is rounding: it is a mix of the others. */
const DEPENDENT = 1e-9;

/**
 * The rows of the inverse of a symmetric matrix, by Gauss and Jordan with the largest pivot first.
 * @returns undefined in place of every row of a column that others mix to, and of theirs: those cannot be told apart
 */
export function solveSymmetric(matrix: readonly (readonly number[])[]): (number[] | undefined)[] {
  const size = matrix.length;
  const rows = matrix.map((row, index) => [...row, ...Array.from({ length: size }, (_, column) => Number(column === index))]);
  const used = new Set<number>();

  for (let step = 0; step < size; step++) {
    const open = Array.from({ length: size }, (_, index) => index).filter((index) => !used.has(index));
    const column = open.reduce((best, index) => (share(rows, matrix, index) > share(rows, matrix, best) ? index : best), open[0]!);
    if (share(rows, matrix, column) <= DEPENDENT) break;
    used.add(column);

    const pivot = rows[column]!;
    const divisor = pivot[column]!;
    for (const [index, value] of pivot.entries()) pivot[index] = value / divisor;
    for (const [other, row] of rows.entries()) {
      const factor = row[column]!;
      if (other === column || factor === 0) continue;
      for (const [index, value] of pivot.entries()) row[index]! -= factor * value;
    }
  }
  const stuck = Array.from({ length: size }, (_, index) => index).filter((index) => !used.has(index));
  return rows.map((row, index) => {
    if (stuck.includes(index) || stuck.some((column) => Math.abs(row[column]!) > DEPENDENT)) return undefined;
    return row.slice(size);
  });
}

/** What is left of a diagonal element of what it was. */
function share(rows: readonly number[][], matrix: readonly (readonly number[])[], index: number): number {
  const whole = matrix[index]![index]!;
  return whole === 0 ? 0 : Math.abs(rows[index]![index]!) / whole;
}
