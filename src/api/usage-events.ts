import { hash } from "node:crypto";
import type { Static } from "typebox";
import { MOST_COST_NANO } from "../contract/most-amounts.ts";
import { Problem } from "../contract/problem.ts";
import { UNIT_COST_FILTERS } from "../contract/unit-cost-groups.ts";
import { type eventsBody, RUN_KINDS, type RunKind, type UsageEventType } from "../contract/usage-events-contract.ts";
import type { UsageFact } from "../contract/usage-fact.ts";
import { formatDecimal, formatUsd, parseDecimal } from "../core/money/usd.ts";
import { HEADER_DIMENSIONS } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import type { Measure, PricedMeasure } from "../core/unit-cost/measures.ts";
import { isImplausible, partUsd, pricePart, QUANTITY_DECIMALS, type UnitPrice } from "../core/unit-cost/unit-price.ts";
import { readAmount } from "./amount.ts";
import type { ApiCaller } from "./api-caller.ts";
import { checkScopeValue } from "./call-scope.ts";
import { keyValue, type OwnDimension, ownValue } from "./own-scope.ts";
import { toldAt, wrong } from "./told-by-applications.ts";

type UsageEvent = Static<typeof eventsBody>["events"][number];
type EventData = UsageEvent["data"];

/** More of one thing in one event is a mistake of units. */
const MOST_UNITS = 1_000_000_000_000n;

type ScopeField = Exclude<(typeof UNIT_COST_FILTERS)[number], "tenant">;
const SCOPE_FIELDS = UNIT_COST_FILTERS.filter((name): name is ScopeField => name !== "tenant");

interface EventShape {
  readonly needs: readonly (keyof EventData)[];
  readonly takes: readonly (keyof EventData)[];
}
/** What each type says beside its scope. */
const SHAPES: Readonly<Record<UsageEventType, EventShape>> = {
  UsageMetered: { needs: ["resource_type", "units"], takes: ["depth_k", "cost_usd"] },
  RevenueRecorded: { needs: ["revenue_usd"], takes: [] },
  BusinessMetric: { needs: ["metric", "units"], takes: [] },
  RunStarted: { needs: ["kind"], takes: [] },
  RunEnded: { needs: ["kind"], takes: [] },
};

/**
 * The fact that an event tells, priced at the time of its use. Of a virtual key it is its tenant's, and all else that the key fixes. The same source and id is the same fact, whatever else the event says then.
 * @param at where the event stands in the request, for messages
 * @throws Problem invalid_request, invalid_scope, scope_not_allowed, amount_invalid
 */
export function factOfEvent(event: UsageEvent, at: string, prices: readonly UnitPrice[], now: Instant, caller: ApiCaller): UsageFact {
  const { type, source, id } = event;
  const place = `${at}/data`;
  const data = ownData(event.data, caller, place);
  checkShape(data, SHAPES[type], type, place);
  const when = event.time === undefined ? now : toldAt(event.time, `${at}/time`, now);
  const fact = {
    fact_id: hash("sha256", JSON.stringify([source, id]), "hex"),
    ts: new Date(when).toISOString(),
    source,
    event_id: id,
    ...scopeOfEvent(data, place),
    subject: "",
    depth_k: null,
    cost_usd: null,
    price_id: "",
    reason: "",
    received_at: new Date(now).toISOString(),
  };
  const free = { ...fact, cost_basis: "none" } as const;
  const said = (measure: Measure, quantity: string, subject = "") => ({ ...free, measure, quantity, subject });
  switch (type) {
    case "UsageMetered":
      return { ...fact, ...meteredPart(data, place, prices, when) };
    case "RevenueRecorded":
      // A quantity as others: to a millionth of a dollar.
      return said("revenue_usd", unitsOf(data.revenue_usd, `${place}/revenue_usd`));
    case "BusinessMetric":
      return said("business", unitsOf(data.units, `${place}/units`), checkScopeValue(data.metric!, `${place}/metric`));
    case "RunStarted":
      return said("started", "1", startedKind(data, place));
    case "RunEnded":
      return said("ended", "1", startedKind(data, place));
    default:
      return type satisfies never;
  }
}

/** The dimensions that a key may fix, under the same names in events. */
const OWN: readonly OwnDimension[] = HEADER_DIMENSIONS;

function ownData(data: EventData, caller: ApiCaller, place: string): EventData {
  if (caller.kind !== "key") return data;
  const fixed = OWN.filter((dimension) => keyValue(caller, dimension) !== undefined);
  const own = fixed.map((dimension) => [dimension, ownValue(caller, dimension, data[dimension], `${place}/${dimension}`)]);
  return { ...data, ...Object.fromEntries(own) };
}

function meteredPart(data: EventData, place: string, prices: readonly UnitPrice[], at: Instant) {
  const measure = data.resource_type as PricedMeasure;
  const quantity = unitsOf(data.units, `${place}/units`);
  const depthK = data.depth_k ?? null;
  const part = { measure, quantity, depth_k: depthK };
  if (data.cost_usd !== undefined) {
    const costNano = readAmount(data.cost_usd, `${place}/cost_usd`, MOST_COST_NANO);
    return { ...part, cost_usd: formatUsd(costNano), cost_basis: "provided", price_id: "", reason: "" } as const;
  }
  const micro = parseDecimal(quantity, QUANTITY_DECIMALS)!;
  const cost = pricePart(prices, { measure, quantity: micro, depthK, useCase: data.use_case ?? "" }, at);
  const isPriced = cost.outcome === "priced";
  if (isPriced && isImplausible(cost.atto)) {
    const message = `${place}/units cost ${partUsd(cost)} USD, above the most that is accepted for one event, ${formatUsd(MOST_COST_NANO)} USD.`;
    throw new Problem("amount_invalid", { field: `${place}/units` }, { message });
  }
  return {
    ...part,
    cost_usd: partUsd(cost),
    cost_basis: isPriced ? ("priced" as const) : ("unpriced" as const),
    price_id: isPriced ? cost.priceId : "",
    reason: isPriced ? "" : cost.reason,
  };
}

function checkShape(data: EventData, { needs, takes }: EventShape, type: string, place: string): void {
  const missing = needs.find((name) => data[name] === undefined);
  if (missing !== undefined) throw wrong(`${place}/${missing}`, `is missing from a ${type}`);
  const own = new Set<string>([...needs, ...takes, "tenant", "trace_id", ...SCOPE_FIELDS]);
  const stranger = Object.keys(data).find((name) => !own.has(name));
  if (stranger !== undefined) throw wrong(`${place}/${stranger}`, `is not a field of a ${type}`);
  if (data.tenant === undefined && data.trace_id === undefined) {
    throw wrong(`${place}/tenant`, "is missing; an event names its tenant, or the trace_id of a call");
  }
}

/** What was started or ended: the event names it in the field of its kind. */
function startedKind(data: EventData, place: string): RunKind {
  const kind = RUN_KINDS.find((one) => one === data.kind)!;
  if (data[kind] === undefined) throw wrong(`${place}/${kind}`, `is missing; kind ${kind} needs its name`);
  return kind;
}

function scopeOfEvent(data: EventData, place: string) {
  const value = (name: (typeof UNIT_COST_FILTERS)[number]) => {
    const text = data[name];
    return text === undefined ? "" : checkScopeValue(text, `${place}/${name}`);
  };
  return {
    trace_id: data.trace_id ?? "",
    tenant: value("tenant"),
    environment: value("environment"),
    feature: value("feature"),
    service: value("service"),
    team: value("team"),
    use_case_id: value("use_case"),
    provider: value("provider"),
    model_id: value("model"),
    run_id: value("run"),
    session_id: value("session"),
    experiment_id: value("experiment"),
    job_id: value("job"),
  };
}

/** Read from its digits, as amounts are. */
function unitsOf(value: number | string | undefined, field: string): string {
  const text = String(value);
  const micro = /^\d{1,15}(\.\d{1,18})?(e[+-]?\d{1,2})?$/i.test(text) ? parseDecimal(text, QUANTITY_DECIMALS) : undefined;
  if (micro !== undefined && micro <= MOST_UNITS * 10n ** BigInt(QUANTITY_DECIMALS)) return formatDecimal(micro, QUANTITY_DECIMALS);
  throw wrong(field, `is not a decimal number from 0 to ${MOST_UNITS} with at most ${QUANTITY_DECIMALS} decimals`);
}

export function factIdentity({ tenant, fact_id }: UsageFact): string {
  return `${tenant} ${fact_id}`;
}
