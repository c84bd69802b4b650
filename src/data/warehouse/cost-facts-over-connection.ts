import { createHash } from "node:crypto";
import type { PricePart } from "../../core/pricing/price-sources.ts";
import type { CostFacts, FactTotal, PriceVersion, RepricedShape, Repricing, ShapesQuestion, UsageShape } from "../../ports/cost-facts.ts";
import { periodParameters } from "./questions/costs-by-group.ts";
import type { EngineParameters, WarehouseConnection } from "./warehouse-connection.ts";
import { warehouseSql } from "./warehouse-sql.ts";

const VERSIONS = warehouseSql("questions/price-versions.sql");
const PART = warehouseSql("questions/price-part.sql");
const PER_MINUTE = warehouseSql("questions/calls-per-minute.sql");
const MODELS = warehouseSql("questions/called-models.sql");
const SHAPES = warehouseSql("questions/usage-shapes.sql");
const TOTALS = warehouseSql("questions/fact-totals.sql");
const INSERT_PART = warehouseSql("insert-price-part.sql");
const INSERT_VERSION = warehouseSql("insert-price-version.sql");
const INSERT_SHAPES = warehouseSql("insert-repriced-shapes.sql");
const APPEND_REPRICED = warehouseSql("append-repriced.sql");

/** The port over any connection. Every error is the connection's. */
export function costFactsOver(connection: WarehouseConnection): CostFacts {
  return {
    priceVersions: () => priceVersions(connection),
    priceParts: (version) => priceParts(connection, version),
    rememberPrices: (parts, knownAt) => rememberPrices(connection, parts, knownAt),
    async callsPerMinute(from, to) {
      const rows = await connection.rows(PER_MINUTE, periodParameters({ from, to }));
      return rows.map(({ minute_s, calls }) => ({ minuteMs: Number(minute_s) * 1000, calls: Number(calls) }));
    },
    async calledModels(from, to) {
      const rows = await connection.rows(MODELS, periodParameters({ from, to }));
      return rows.map(({ provider, model_id, price_id }) => {
        return { provider: String(provider), model: String(model_id), priceId: String(price_id) };
      });
    },
    usageShapes: (question) => usageShapes(connection, question),
    appendRepriced: (repricing, question, shapes) => appendRepriced(connection, repricing, question, shapes),
    async factTotals(from, to) {
      const rows = await connection.rows(TOTALS, periodParameters({ from, to }));
      return rows.map(({ kind, basis, provider, model_id, facts, unknown, contracted_usd }): FactTotal => {
        const called = { provider: String(provider), model: String(model_id) };
        const counts = { facts: Number(facts), unknown: Number(unknown) };
        return { kind: kind as FactTotal["kind"], basis: String(basis), ...called, ...counts, contractedUsd: String(contracted_usd) };
      });
    },
  };
}

async function priceVersions(connection: WarehouseConnection): Promise<PriceVersion[]> {
  const rows = await connection.rows(VERSIONS, {});
  return rows.map(({ known_at_ms, checksum, parts }) => {
    return { knownAtMs: Number(known_at_ms), checksum: String(checksum), parts: parts as PriceVersion["parts"] };
  });
}

async function priceParts(connection: WarehouseConnection, { parts }: PriceVersion): Promise<PricePart[]> {
  const read: PricePart[] = [];
  for (const { kind, name, checksum } of parts) {
    const [row] = await connection.rows(PART, { checksum });
    // A version is written after its parts, so a missing one was taken away by somebody.
    if (row === undefined) throw new Error(`the warehouse has no price part ${checksum} (${name})`);
    read.push({ kind: kind as PricePart["kind"], name, text: String(row.text) });
  }
  return read;
}

async function rememberPrices(connection: WarehouseConnection, parts: readonly PricePart[], knownAt: Date): Promise<boolean> {
  const texts = new Map(parts.map(({ text }) => [sha256(text), text]));
  const named = parts.map(({ kind, name, text }) => ({ kind, name, checksum: sha256(text) }));
  const checksum = sha256(JSON.stringify(named));
  const last = (await priceVersions(connection)).at(-1);
  // Somebody who began later knows better than a process that still runs on what it began with.
  if (last && (last.checksum === checksum || last.knownAtMs >= knownAt.getTime())) return false;
  const lines = [...texts].map(([sum, text]) => JSON.stringify({ checksum: sum, text }));
  await connection.insert(INSERT_PART, lines.join("\n"));
  await connection.insert(INSERT_VERSION, JSON.stringify({ known_at: knownAt.toISOString(), checksum, parts: named }));
  return true;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function usageShapes(connection: WarehouseConnection, question: ShapesQuestion): Promise<UsageShape[]> {
  const rows = await connection.rows(SHAPES, shapeParameters(question));
  return rows.flatMap((row) => {
    const provider = String(row.provider);
    const model = String(row.model_id);
    const priceId = String(row.price_id);
    const [serviceTier, tenant, epoch] = [String(row.service_tier), String(row.tenant_group), Number(row.epoch)];
    const counts = (name: string) => row[name] as readonly number[];
    const [gens, reads, writes, reasonings] = [counts("gens"), counts("cache_reads"), counts("cache_writes"), counts("reasonings")];
    const [details, currents, calls] = [row.detailed as readonly string[], row.currents as readonly string[], counts("called")];
    return counts("prompts").map((promptTokens, index) => {
      return {
        provider,
        model,
        priceId,
        serviceTier,
        tenant,
        epoch,
        promptTokens,
        genTokens: gens[index]!,
        cacheReadTokens: reads[index]!,
        cacheWriteTokens: writes[index]!,
        reasoningTokens: reasonings[index]!,
        details: details[index]!,
        currentUsd: currents[index]!,
        calls: calls[index]!,
      };
    });
  });
}

function shapeParameters({ from, to, cuts, byTenant }: ShapesQuestion): EngineParameters {
  return { ...periodParameters({ from, to }), cuts: cuts.join(","), by_tenant: byTenant };
}

async function appendRepriced(
  connection: WarehouseConnection,
  { id, knownAt, batch }: Repricing,
  question: ShapesQuestion,
  shapes: readonly RepricedShape[],
): Promise<void> {
  if (shapes.length === 0) return;
  const lines = groupsOf(shapes).map((group) => {
    const { shape, priceId } = group[0]!;
    const head = [id, batch, shape.provider, shape.model, shape.priceId, shape.serviceTier, shape.tenant, shape.epoch, priceId];
    const used = [
      group.map((one) => one.shape.promptTokens),
      group.map((one) => one.shape.genTokens),
      group.map((one) => one.shape.cacheReadTokens),
      group.map((one) => one.shape.cacheWriteTokens),
      group.map((one) => one.shape.reasoningTokens),
      group.map((one) => one.shape.details),
      group.map((one) => one.shape.currentUsd),
    ];
    const costs = [group.map((one) => one.listUsd), group.map((one) => one.contractedUsd), group.map((one) => one.billedUsd)];
    return JSON.stringify([...head, ...used, ...costs]);
  });
  await connection.insert(INSERT_SHAPES, lines.join("\n"));
  const known_at = periodParameters({ from: knownAt, to: knownAt }).from;
  await connection.command(APPEND_REPRICED, { ...shapeParameters(question), known_at, repricing_id: id, batch });
}

/** Shapes that differ only in counts and costs, together: what they share is sent once. */
function groupsOf(shapes: readonly RepricedShape[]): RepricedShape[][] {
  const groups = new Map<string, RepricedShape[]>();
  for (const repriced of shapes) {
    const { provider, model, priceId, serviceTier, tenant, epoch } = repriced.shape;
    const key = [provider, model, priceId, serviceTier, tenant, epoch, repriced.priceId].join("\n");
    const group = groups.get(key);
    if (group) group.push(repriced);
    else groups.set(key, [repriced]);
  }
  return [...groups.values()];
}
