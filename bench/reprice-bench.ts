import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shippedPriceParts } from "../src/config/read-price-files.ts";
import { formatUsd } from "../src/core/money/usd.ts";
import type { PricePart } from "../src/core/pricing/price-sources.ts";
import { ChdbConnection } from "../src/data/warehouse/chdb-connection.ts";
import { openChdbWarehouse } from "../src/data/warehouse/chdb-warehouse.ts";
import { type RepricedMonth, repriceMonth } from "../src/reports/reprice-month.ts";
import type { BenchSetting } from "./bench-setting.ts";
import type { Figure, Outcome } from "./figure.ts";
import { cpuMs } from "./process-usage.ts";

const CALLS = 1_000_000;
const MONTH = { from: new Date("2026-10-01"), to: new Date("2026-11-01") };
const STARTED = Date.parse("2026-09-01");
const LEARNED = Date.parse("2026-11-05");

/** A discount of 7.5 percent on everything, which became known when the month was over: every call costs something else. */
const CONTRACTS: PricePart = {
  kind: "contracts",
  name: "contracts",
  text: JSON.stringify(["openai", "anthropic"].map((provider) => ({ id: `${provider}-26`, provider, discount_percent: "7.5" }))),
};

/** A month of a million calls with nearly as many different uses, priced again when all its prices turn out to be others. */
export async function repriceBench({ rounds, say }: BenchSetting): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-bench-reprice-"));
  try {
    say(`reprice: writing ${CALLS} calls`);
    await writeCalls(folder);
    const warehouse = await openChdbWarehouse({ dir: folder });
    try {
      const { facts } = warehouse;
      await facts.rememberPrices(shippedPriceParts(), new Date(STARTED));
      const knowledge = { parts: [...shippedPriceParts(), CONTRACTS], sinceMs: LEARNED, priceLists: new Map<string, string>() };
      const worked = () => cpuMs(process.pid) + cpuMs(warehouse.enginePid() ?? process.pid);
      const timed = async (asKnownAtMs: number, repricingId: string | undefined, into: Measured) => {
        const [startedAt, before] = [performance.now(), worked()];
        const found = await repriceMonth({ ...MONTH, asKnownAtMs, now: Date.now(), repricingId }, { facts, knowledge });
        into.wall.push((performance.now() - startedAt) / 1000);
        into.cpu.push((worked() - before) / 1000);
        return found;
      };
      const [dry, written, back]: [Measured, Measured, Measured] = [nothingYet(), nothingYet(), nothingYet()];
      for (let round = 0; round < rounds; round++) {
        say(`reprice: round ${round + 1} of ${rounds}`);
        reproduces(await timed(LEARNED, undefined, dry), CALLS);
        reproduces(await timed(LEARNED, `there-${round}`, written), CALLS);
        const restored = await timed(STARTED, `back-${round}`, back);
        if (restored.afterNano !== restored.comparison.asThen.contractedNano) throw new Error("the month did not come back to what it was");
      }
      const figures = [
        ...figuresOf("a dry run over 1,000,000 calls", dry),
        ...figuresOf("1,000,000 calls corrected, 2,000,000 facts written", written),
        ...figuresOf("the same again, back to what was booked", back),
      ];
      return { figures, notes: [`${CALLS} calls; every total was the one before, to the digit.`] };
    } finally {
      await warehouse.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds by the clock, and of all processors: the second says what the first would be where nothing else runs. */
interface Measured {
  readonly wall: number[];
  readonly cpu: number[];
}

const nothingYet = (): Measured => ({ wall: [], cpu: [] });

function figuresOf(name: string, { wall, cpu }: Measured): Figure[] {
  const of = { benchmark: "reprice", unit: "s" };
  return [
    { ...of, name, values: wall, goal: "< 30 on 2 cores" },
    { ...of, name: `${name}: processor time`, values: cpu },
  ];
}

/** A quick answer that is wrong is no figure. */
function reproduces({ comparison, beforeNano, correctedCalls }: RepricedMonth, calls: number): void {
  const then = comparison.asThen.contractedNano;
  if (then === beforeNano && correctedCalls === calls) return;
  throw new Error(`${formatUsd(beforeNano)} USD were booked, ${formatUsd(then)} come out, ${correctedCalls} calls of ${calls} differ`);
}

/** The engine makes the calls itself. Their costs are what the shipped list asks: whole nano-dollars per token for these models. */
async function writeCalls(folder: string): Promise<void> {
  const connection = await ChdbConnection.open(folder, { info: () => {}, warn: () => {} });
  await connection.command(
    `INSERT INTO finops.request_trace_row
       (ts, model_id, prompt_tokens, gen_tokens, unit_cost_usd, trace_id, tenant, feature, provider, outcome, cost_basis, status_code, price_id)
     SELECT
       toDateTime64('2026-10-01 00:00:00', 3, 'UTC') + toIntervalMillisecond(number * 2600), model.1, prompt, gen,
       CAST(concat(toString(intDiv(nano, 1000000000)), '.', leftPad(toString(nano % 1000000000), 9, '0')), 'Decimal(38, 18)'),
       concat('trace_', lower(hex(sipHash128(number)))), concat('tenant-', toString(number % 50)), 'chat', model.2, 'complete', 'measured', 200,
       concat('genai-prices/', model.2, '/', model.1, '@start')
     FROM
     (
       SELECT
         number, sipHash64(number, 1) % 30000 + 100 AS prompt, sipHash64(number, 2) % 2000 + 20 AS gen,
         [('gpt-4o', 'openai', 2500, 10000), ('gpt-4o-mini', 'openai', 150, 600), ('claude-sonnet-4-5', 'anthropic', 3000, 15000)]
           [number % 3 + 1] AS model,
         prompt * model.3 + gen * model.4 AS nano
       FROM numbers(${CALLS})
     )`,
    {},
  );
  await connection.close();
}
