/** Every metric there is. docs/reference/metrics.md lists the same, and a test holds the two together. */
interface MetricEntry {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

export const METRICS = {
  // Named by the requirement documents
  spend_usd_total: {
    type: "counter",
    help: "Booked AI cost in USD, since this process started.",
    labels: ["tenant", "use_case", "provider", "model"],
  },
  requests_total: {
    type: "counter",
    help: "Model calls, by how they ended, since this process started.",
    labels: ["tenant", "use_case", "provider", "model", "outcome"],
  },
  ai_token_usage_cost_usd: {
    type: "counter",
    help: "Booked AI cost in USD per tenant, model and report type, since this process started.",
    labels: ["tenant_id", "model", "report_type"],
  },
  ai_budget_hard_limit_reached: {
    type: "gauge",
    help: "1 when a hard budget of the tenant has nothing left in its current window, else 0. Model * is the tenant's other models.",
    labels: ["tenant_id", "model"],
  },
  ucr_baseline: {
    type: "gauge",
    help: "What a request of the use case should cost in USD: given by the configuration, or measured in a period that it names.",
    labels: ["use_case"],
  },
  // Ours
  ballast_tokens_total: { type: "counter", help: "Tokens of booked calls.", labels: ["direction"] },
  ballast_call_duration_seconds: {
    type: "histogram",
    help: "From the arrival of a call to the end of its answer.",
    labels: ["provider"],
  },
  ballast_overhead_seconds: { type: "histogram", help: "What Ballast itself added to a call.", labels: [] },
  ballast_calls_in_flight: { type: "gauge", help: "Calls under way in this process.", labels: [] },
  ballast_hold_exceeded_total: { type: "counter", help: "Calls that cost more than their hold. Each is an incident.", labels: [] },
  ballast_unpriced_calls_total: {
    type: "counter",
    help: "Answered calls without a price, by why. Their holds are in doubt.",
    labels: ["provider", "reason"],
  },
  ballast_lever_calls_total: {
    type: "counter",
    help: "Calls that a lever changed or refused; one that several changed counts for each.",
    labels: ["lever", "use_case"],
  },
  ballast_cache_hits_total: {
    type: "counter",
    help: "Calls that an earlier answer served, by cache: exact, semantic, or idempotent where an Idempotency-Key was sent again.",
    labels: ["kind", "use_case"],
  },
  ballast_lever_refusals_total: {
    type: "counter",
    help: "Calls that a lever refused, by code: paced, model_frozen, cache_only_enforced, call_deferred.",
    labels: ["code", "use_case"],
  },
  ballast_outbox_waiting: { type: "gauge", help: "Rows that wait for delivery.", labels: [] },
  ballast_alerts_waiting: { type: "gauge", help: "Messages of alerts that wait for their time or another attempt.", labels: [] },
  ballast_alerts_dead: { type: "gauge", help: "Messages of alerts that could not be delivered and were given up.", labels: [] },
  ballast_outbox_parked: { type: "gauge", help: "Rows set aside because they can never be delivered.", labels: [] },
  ballast_holds_in_doubt: { type: "gauge", help: "Holds whose cost is not known yet.", labels: [] },
  ballast_account_limit_usd: { type: "gauge", help: "Limit of the budget in its current window.", labels: ["budget"] },
  ballast_account_spent_usd: { type: "gauge", help: "Booked on the budget in its current window.", labels: ["budget"] },
  ballast_account_held_usd: { type: "gauge", help: "Held by calls under way.", labels: ["budget"] },
  ballast_account_in_doubt_usd: { type: "gauge", help: "Held by calls that may have been billed.", labels: ["budget"] },
  ballast_accounts_omitted: {
    type: "gauge",
    help: "Budgets without series here, because there are too many; those with the most of their limit used are shown.",
    labels: [],
  },
  ballast_lever_value: {
    type: "gauge",
    help: "Levers that are turned, at their value; one that is off has no series.",
    labels: ["subject", "lever"],
  },
  ballast_control_ticks_total: { type: "counter", help: "Turns of the controls, by result: done or failed.", labels: ["result"] },
  ballast_lever_changes_total: { type: "counter", help: "Levers turned, either way, by this process.", labels: [] },
  ballast_lever_reverts_total: { type: "counter", help: "Levers turned back by this process, by cause.", labels: ["cause"] },
  ballast_controls_held: {
    type: "gauge",
    help: "What policies ask for and is not done, by reason, at the newest tick of this process.",
    labels: ["reason"],
  },
  ballast_warehouse_up: { type: "gauge", help: "1 when the warehouse answers, else 0.", labels: [] },
  ballast_cache_up: { type: "gauge", help: "1 when the shared cache is in use, else 0; in memory always 1.", labels: [] },
  ballast_status_reads_total: {
    type: "counter",
    help: "Reads of a tenant's status: kept in the cache, unknown to it, or asked of the ledger because the cache was away.",
    labels: ["result"],
  },
  ballast_build_info: { type: "gauge", help: "Always 1; the labels say what runs.", labels: ["version", "node"] },
  ballast_start_time_seconds: { type: "gauge", help: "When this process started, in Unix time.", labels: [] },
  ballast_resident_memory_bytes: { type: "gauge", help: "Resident memory of this process.", labels: [] },
} as const satisfies Record<string, MetricEntry>;

export type MetricName = keyof typeof METRICS;
