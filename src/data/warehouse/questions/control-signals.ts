import type { ControlSignalsQuestion, ControlSignalsRow } from "../../../ports/control-signals-question.ts";
import type { EngineRow, WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";

const STATEMENT = warehouseSql("questions/control-signals.sql");

/** What policies go by, of each subject that was called in the last day. */
export async function controlSignals(
  connection: WarehouseConnection,
  question: ControlSignalsQuestion,
): Promise<readonly ControlSignalsRow[]> {
  if (question.subjects.length === 0) return [];
  return (await connection.rows(STATEMENT, subjectParameters(question))).map(signalsOfRow);
}

export function subjectParameters({ now, subjects }: ControlSignalsQuestion) {
  return {
    now: now.toISOString().replace("T", " ").replace("Z", ""),
    subjects: JSON.stringify(subjects.map(({ subject }) => subject)),
    since: JSON.stringify(subjects.map(({ guardedSince }) => Math.max(0, guardedSince.getTime()))),
  };
}

function signalsOfRow(row: EngineRow): ControlSignalsRow {
  const count = (name: string) => Number(row[name]);
  const over = (name: string, samples: number) => (samples === 0 ? null : Number(row[name]));
  const average = (name: string, samples: number) => (samples === 0 ? null : Number(row[name]) / samples);
  const [p50 = null, p95 = null] = row.latencies as readonly (number | null)[];
  const [timed, retrieved, reranked, hourPriced, dayPriced] = [
    count("timed"),
    count("retrieved"),
    count("reranked"),
    count("hour_priced"),
    count("day_priced"),
  ];
  return {
    subject: String(row.subject),
    timed,
    latencyMsP50: timed === 0 ? null : p50,
    latencyMsP95: timed === 0 ? null : p95,
    served: count("served"),
    failed: count("failed"),
    answered: count("answered"),
    cached: count("cached"),
    retrieved,
    depthK: over("avg_depth_k", retrieved),
    reranked,
    rerankCount: over("avg_rerank_n", reranked),
    hourPriced,
    hourUsd: average("hour_usd", hourPriced),
    dayPriced,
    dayUsd: average("day_usd", dayPriced),
  };
}
