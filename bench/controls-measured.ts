import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type UseCaseSaving, useCaseSaving } from "../src/core/savings/use-case-saving.ts";
import { openChdbWarehouse } from "../src/data/warehouse/chdb-warehouse.ts";
import { measuredSavings } from "../src/reports/measured-savings.ts";
import type { PlayedCall } from "./controls-run.ts";

/** What `ballast report savings` says of the calls, per use case, and the same of all of them together: each use case is a kind of its own. */
export async function savingsOf(calls: readonly PlayedCall[]): Promise<{ all: UseCaseSaving; perUseCase: UseCaseSaving[] }> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-bench-controls-"));
  const warehouse = await openChdbWarehouse({ dir: folder });
  try {
    await warehouse.insertTraces(calls.map(({ trace }) => JSON.stringify(trace)));
    const times = calls.map(({ trace }) => Date.parse(trace.ts));
    const period = { start: Math.min(...times), end: Math.max(...times) + 1 };
    const cells = await warehouse.savingCells({ from: new Date(period.start), to: new Date(period.end), useCase: undefined });
    const together = cells.map((cell) => ({ ...cell, kind: `${cell.useCase}\n${cell.kind}` }));
    return { all: useCaseSaving("all", together, []), perUseCase: await measuredSavings(warehouse, period, undefined) };
  } finally {
    await warehouse.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
