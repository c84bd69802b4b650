import { type Static, Type } from "typebox";
import { MOST_TEMPLATE_LENGTH } from "../contract/budgets-contract.ts";
import { SEVERITIES } from "../core/alerts/alert.ts";
import { ON_STORE_DOWN } from "../core/ledger/budget.ts";
import { ON_SHORT } from "../core/ledger/on-short.ts";
import { SCOPE_DIMENSIONS, type ScopeDimension } from "../core/scope/scope.ts";
import { WINDOW_KINDS } from "../core/time/window.ts";
import { controlsSetting } from "./control-schema.ts";
import { deferredTier, modelLadder } from "./lever-schema.ts";
import { contract, fxRate, markup, priceOverride } from "./price-schema.ts";
import { amount, closed, flag, list, oneOf, secret, text, whole } from "./setting-shapes.ts";
import type { TextFormatName } from "./text-formats.ts";
import { unitCostsSetting } from "./unit-cost-schema.ts";

/*
 * Every setting once, in its resolved form: what has a default is always there after reading, so it counts as required here and as
 * optional in the file. A setting of type object with `default: {}` is filled with the defaults of what it holds.
 */

const ways = {
  hard: flag("true: calls that do not fit are refused. false: the budget tells and refuses nothing.", true),
  on_short: oneOf(
    "What happens to a call that does not fit, the strictest first: it is refused (deny), answered only if it was answered before (cached_only), answered with `template`, sent to `fallback_model`, or its max_tokens is lowered until it fits (fit).",
    ON_SHORT,
    "deny",
  ),
  fallback_model: Type.Optional(
    text("Model for calls that do not fit with `on_short: fallback_model`, as callers name it.", { format: "scope-value" }),
  ),
  template: Type.Optional(text("Answer to calls that do not fit with `on_short: template`.", { maxLength: MOST_TEMPLATE_LENGTH })),
  on_store_down: oneOf(
    "New calls while the ledger cannot be written: refused (deny), or served from leases granted before, never beyond (serve_from_lease). A call goes on only when all its budgets say so.",
    ON_STORE_DOWN,
    "deny",
  ),
};
const warnPercent = whole("Answers carry X-AI-Budget-Warning above this percent of the limit.", 1, 100, 80);

const limit = {
  window: oneOf(
    "Calendar window after which the budget starts anew. Weeks begin on Monday. run: never, for a scope with a run.",
    WINDOW_KINDS,
    "month",
  ),
  zone: text("IANA time zone in which the window begins.", { format: "time-zone", default: "UTC" }),
  ...ways,
  thresholds: list(
    Type.Integer({ minimum: 1, maximum: 1000 }),
    "Percents of the limit, rising, each of which is told once a window when spending reaches it.",
    { default: [50, 75, 80, 90, 100], maxItems: 20 },
  ),
  warn_percent: warnPercent,
};

const SCOPE_DESCRIPTIONS: Record<ScopeDimension, string> = {
  tenant: "Only calls of this tenant.",
  environment: "Only calls of this environment, such as production.",
  feature: "Only calls for this feature.",
  service: "Only calls by this service.",
  team: "Only calls of this team.",
  use_case: "Only calls for this use case.",
  provider: "Only calls sent to this provider.",
  model: "Only calls of this model.",
  api_key: "Only calls with the virtual key of this id.",
  run: "Only calls of this run.",
};
const scopeValue = (dimension: ScopeDimension) => Type.Optional(text(SCOPE_DESCRIPTIONS[dimension], { format: "scope-value" }));
const scope = Object.fromEntries(SCOPE_DIMENSIONS.map((dimension) => [dimension, scopeValue(dimension)])) as {
  [Dimension in ScopeDimension]: ReturnType<typeof scopeValue>;
};

const budget = closed(
  {
    id: Type.Optional(text("Name of the budget. The scope by default, such as tenant=acme,model=gpt-4o.", { format: "scope-value" })),
    scope: closed(scope, "Which calls the budget covers: every named value must be equal. {} covers every call."),
    tier: Type.Optional(text("Name of a tier, which says what the budget does not say itself.", { format: "scope-value" })),
    limit_usd: Type.Optional(
      amount("The most that the covered calls may cost in one window, in USD. Needed where there is no tier.", "usd"),
    ),
    ...limit,
    covers: oneOf(
      "all: every call in scope. rest: only models without a budget of their own; only for a scope of one tenant.",
      ["all", "rest"],
      "all",
    ),
  },
  "A budget that is created or changed when the server starts.",
);

const tier = closed(
  {
    name: text(
      "Name of the tier. starter, professional, enterprise and custom are there by themselves; one of these names replaces them.",
      {
        format: "scope-value",
      },
    ),
    limit_usd: amount("The limit of its budgets, in USD.", "usd"),
    hard: Type.Optional(Type.Boolean({ description: "As in a budget; the budget's default unless set." })),
    on_short: Type.Optional(Type.Enum([...ON_SHORT], { description: "As in a budget; the budget's default unless set." })),
    fallback_model: ways.fallback_model,
    template: ways.template,
    thresholds: Type.Optional(
      list(Type.Integer({ minimum: 1, maximum: 1000 }), "As in a budget; the budget's default unless set.", { maxItems: 20 }),
    ),
    warn_percent: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: "As in a budget; the budget's default unless set." }),
    ),
  },
  "Settings that several budgets share.",
);

const provider = closed(
  {
    name: text("Name of the provider: the `provider` of scopes, routes and reports.", { format: "scope-value" }),
    kind: Type.Enum(["openai", "anthropic", "openai-compatible", "sim"], {
      description: "What it speaks. sim is built in: it answers without a network and without cost.",
    }),
    base_url: Type.Optional(
      text("Address before /v1/…; a final /v1 is cut off. Default: the public address of openai and anthropic; others need one.", {
        format: "http-url",
      }),
    ),
    api_key: Type.Optional(secret("Key of your account there. Best taken from the environment. Empty is none.", "header-value")),
    headers: Type.Record(Type.String(), Type.String({ format: "header-value" satisfies TextFormatName, writeOnly: true }), {
      description: "Headers to send along with every call.",
      default: {},
    }),
    price_list: Type.Optional(
      text("Provider id in the price list. Default: openai and anthropic for these kinds, else the name.", { format: "scope-value" }),
    ),
    price: oneOf(
      "What a call costs: the list price of what its answer counts, or what the provider says in its answer (OpenRouter's usage.cost, xAI's cost_in_usd_ticks, Perplexity's usage.cost). Where an answer says no cost, the list price counts.",
      ["list", "provider_reported"],
      "list",
    ),
    unlisted_hold_usd: Type.Optional(
      amount(
        "Only with `price: provider_reported`: what a call of a model without a list price holds, the most that one may cost, in USD. Such calls are refused unless it is set.",
        "usd",
      ),
    ),
    models: Type.Optional(
      Type.Array(Type.String({ format: "model-pattern" satisfies TextFormatName }), {
        maxItems: 1000,
        description:
          "Models sent to this provider: names, or patterns with *. Default by kind: gpt-*, o1*, o3*, o4*, chatgpt-*, codex-*, text-embedding-* for openai; claude-* for anthropic; all that it simulates for sim; none for openai-compatible, which is then reached by routes and as name/model.",
      }),
    ),
    max_tokens_field: Type.Optional(
      Type.Enum(["max_tokens", "max_completion_tokens"], {
        description: "Field that bounds the answer. Default: max_tokens for openai-compatible, else max_completion_tokens.",
      }),
    ),
    headers_timeout_ms: whole("Longest wait until an answer begins.", 100, 3_600_000, 120_000),
    body_timeout_ms: whole("Longest silence within an answer.", 100, 3_600_000, 120_000),
    retries: whole("How often a call is sent again after a failure that cost nothing.", 0, 10, 2),
    ...deferredTier,
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "Only for kind sim: speed, length and failures of its answers, see docs/concepts/sim-provider.md.",
      }),
    ),
  },
  "Where calls are sent.",
);

const route = closed(
  {
    model: text("The model name that callers send.", { format: "scope-value" }),
    targets: Type.Array(
      closed(
        {
          provider: text("Name of a provider above.", { format: "scope-value" }),
          model: text("The model's name at that provider.", { format: "scope-value" }),
        },
        "One place to send the call to.",
      ),
      { minItems: 1, maxItems: 10, description: "Tried in order: the next one when a call failed and cost nothing." },
    ),
  },
  "Another name for a model, with fallbacks.",
);

const ALERT_SCOPE_DESCRIPTIONS = Object.fromEntries(
  SCOPE_DIMENSIONS.map((dimension) => [dimension, `Only alerts of budgets whose scope has this ${dimension}.`]),
) as Record<ScopeDimension, string>;
const alertScope = Object.fromEntries(
  SCOPE_DIMENSIONS.map((dimension) => [dimension, Type.Optional(text(ALERT_SCOPE_DESCRIPTIONS[dimension], { format: "scope-value" }))]),
) as { [Dimension in ScopeDimension]: ReturnType<typeof scopeValue> };
const channelNames = (description: string) =>
  Type.Array(Type.String({ format: "channel-name" satisfies TextFormatName }), { minItems: 1, maxItems: 50, description });

const channel = closed(
  {
    name: text("Name of the channel, for routes, lists and tests.", { format: "channel-name" }),
    kind: Type.Enum(["webhook", "slack", "email", "alertmanager", "log"], { description: "What it speaks." }),
    url: Type.Optional(
      secret(
        "webhook: where events are posted. slack: address of the incoming webhook. alertmanager: its address before /api/v2/alerts.",
        "http-url",
      ),
    ),
    signing_key: Type.Optional(
      secret("webhook: key of the signature, whsec_ and base64 of 24 to 64 random bytes, as Standard Webhooks has it.", "signing-key"),
    ),
    headers: Type.Record(Type.String(), Type.String({ format: "header-value" satisfies TextFormatName, writeOnly: true }), {
      description: "webhook and alertmanager: headers to send along, such as authorization.",
      default: {},
    }),
    smtp: Type.Optional(
      closed(
        {
          host: text("Name or address of the mail server.", { format: "host" }),
          port: whole("Its port.", 1, 65_535, 587),
          tls: oneOf(
            "starttls: encryption is demanded after the greeting. implicit: encrypted from the start, as on port 465. none: never encrypted.",
            ["starttls", "implicit", "none"],
            "starttls",
          ),
          user: Type.Optional(text("Name to log in with.")),
          password: Type.Optional(secret("Password to log in with. Best taken from the environment.", "header-value")),
        },
        "email: the mail server.",
      ),
    ),
    from: Type.Optional(text("email: address of the sender.", { format: "mail-address" })),
    to: Type.Optional(
      Type.Array(Type.String({ format: "mail-address" satisfies TextFormatName }), {
        minItems: 1,
        maxItems: 50,
        description: "email: addresses of those who get it.",
      }),
    ),
    timeout_ms: whole("Longest time for one message.", 100, 60_000, 10_000),
    quiet_hours: Type.Optional(
      closed(
        {
          from: text("Local time at which they begin, such as 22:00.", { format: "time-of-day" }),
          to: text("Local time at which they end, such as 07:00; may lie on the next day.", { format: "time-of-day" }),
          zone: text("IANA time zone of the two.", { format: "time-zone", default: "UTC" }),
        },
        "When info and warning wait for the end. What is critical always goes.",
      ),
    ),
  },
  "A way to reach people or a system.",
);

const alertRoute = closed(
  {
    severity: Type.Array(Type.Enum([...SEVERITIES]), {
      maxItems: 3,
      description: "Severities that the route takes; all when empty.",
      default: [],
    }),
    scope: closed(alertScope, "Takes only alerts of budgets whose scope has these values.", { default: {} }),
    budgets: list(Type.String({ minLength: 1 }), "Ids of the budgets it takes, or their beginning and *; all when empty."),
    channels: channelNames("Channels that are told at once."),
    escalation: list(
      closed(
        {
          after_minutes: Type.Integer({ minimum: 1, maximum: 10_080, description: "Minutes after the alert was raised." }),
          channels: channelNames("Channels that are told then."),
        },
        "One step.",
      ),
      "Who is told later while nobody acknowledges. The guide: a lead after 30 minutes, an executive after 60.",
      { default: [], maxItems: 10 },
    ),
  },
  "Which alerts go where.",
);

const DAY_MS = 86_400_000;
const GIBIBYTE = 1024 ** 3;

export const configSchema = closed(
  {
    data_dir: text("Folder of everything that Ballast keeps. A relative path begins at the working directory.", { default: "./data" }),
    listen: closed(
      {
        host: text("Address to listen on. Another than this machine's own needs an admin_token.", { format: "host", default: "127.0.0.1" }),
        port: whole("Port to listen on; 0 takes a free one.", 0, 65_535, 3010),
      },
      "Where the server listens.",
      { default: {} },
    ),
    admin_token: Type.Optional(
      secret(
        "Token that changes budgets and keys. Default: BALLAST_ADMIN_TOKEN, else one is made and kept in the file admin-token of data_dir.",
        "token",
      ),
    ),
    default_budget: Type.Union(
      [
        Type.Null(),
        closed(
          { limit_usd: amount("The most that a tenant's calls may cost in one window, in USD.", "usd", { default: "1000" }), ...limit },
          "",
        ),
      ],
      { description: "Budget of a tenant that has none of its own. null: such tenants have no limit.", default: {} },
    ),
    run_budget: Type.Union(
      [
        Type.Null(),
        closed(
          {
            limit_usd: amount("The most that the calls of one run may cost, however long it lasts, in USD.", "usd"),
            ...ways,
            thresholds: list(
              Type.Integer({ minimum: 1, maximum: 1000 }),
              "Percents of the limit, rising, each of which is told once a run. None by default: there may be very many runs.",
              { default: [], maxItems: 20 },
            ),
            warn_percent: warnPercent,
          },
          "",
        ),
      ],
      {
        description:
          "Budget that every run (a value of `x-ballast-run`, within its tenant) gets with its first call. null: runs have no limit of their own.",
        default: null,
      },
    ),
    tiers: list(tier, "Settings of budgets under a name. A budget's own settings win.", { default: [], maxItems: 1000 }),
    budgets: list(budget, "Budgets, created or changed when the server starts."),
    providers: list(provider, "Where calls are sent. The first that serves a model gets its calls.", { default: [], maxItems: 100 }),
    routes: list(route, "Other names for models, with fallbacks."),
    model_sizes: list(modelLadder, "Ladders of models that levers move calls down.", { default: [], maxItems: 1000 }),
    prices: list(priceOverride, "Prices that replace or complete the price list."),
    price_files: list(
      Type.String({ minLength: 1 }),
      "Price files over the list that ships, as ballast price import writes them; prices above go before them.",
    ),
    contracts: list(contract, "Discounts on list prices, and committed spend."),
    markups: list(markup, "What tenants are billed on top of what their calls cost."),
    fx_rates: list(fxRate, "Dated rates of exchange for prices in other currencies."),
    unit_costs: unitCostsSetting,
    controls: controlsSetting,
    gateway: closed(
      {
        max_body_bytes: whole("Largest request that is accepted.", 1024, GIBIBYTE, 33_554_432),
        max_answer_bytes: whole("Largest answer that is read from a provider.", 1024, GIBIBYTE, 67_108_864),
        body_timeout_ms: whole("Longest time for a request to arrive.", 100, DAY_MS, 30_000),
        default_max_output_tokens: whole("Bound put on calls that do not bound their answer themselves.", 1, 10_000_000, 4096),
        unbounded_input: oneOf(
          "Calls whose input size cannot be known beforehand are refused, or hold the price of the model's whole context window.",
          ["refuse", "hold_context_window"],
          "refuse",
        ),
        ignored_usage_keys: list(
          Type.String({ minLength: 1, maxLength: 120 }),
          "Counts in answers of providers that Ballast does not know and that cost nothing, such as usage.foo_tokens. A call with any other unknown count is unpriced, and told as the alert UnknownUsageUnit.",
        ),
        drain_max_usd: amount("After the caller has left, an answer is read on for at most this cost, in USD.", "usd", { default: "0.50" }),
        drain_max_ms: whole("… and for at most this time.", 0, 3_600_000, 30_000),
        workers: whole(
          "Gateway processes on one address, to use the cores of the machine; 1 takes calls in the server's own process.",
          1,
          64,
          1,
        ),
        recall_wait_ms: whole(
          "How long a call that is short waits for money that other processes on the same ledger hold idle, before it is refused.",
          0,
          60_000,
          250,
        ),
        idempotency_ttl_hours: whole("How long the answer to an Idempotency-Key is kept.", 1, 8760, 24),
        answer_cache_bytes: whole(
          "Memory for earlier answers, of calls under a budget with `on_short: cached_only`. They are kept as long as those of an Idempotency-Key.",
          0,
          GIBIBYTE,
          67_108_864,
        ),
        idempotency_max_bytes: whole("Largest answer that is kept for an Idempotency-Key.", 0, 67_108_864, 1_048_576),
      },
      "Model calls.",
      { default: {} },
    ),
    notify: closed(
      {
        source: text("What names this installation in events: the `source` of CloudEvents.", {
          format: "event-source",
          default: "/ballast",
        }),
        runbooks: text("Where alerts say that their runbooks are: a folder or an address.", {
          format: "runbook-place",
          default: "docs/runbooks",
        }),
        channels: list(channel, "Ways to reach people and systems. A channel log is always there.", { default: [], maxItems: 100 }),
        routes: list(alertRoute, "Which alerts go where: to the channels of every route that takes them, to the log when none does.", {
          default: [],
          maxItems: 1000,
        }),
        retry: closed(
          {
            attempts: whole("Attempts for one message before it is given up and listed as dead.", 1, 100, 12),
            first_delay_ms: whole(
              "Wait after the first failure; it doubles with each, and a random half of it is cut off.",
              10,
              DAY_MS,
              5000,
            ),
            longest_delay_ms: whole("Longest such wait.", 10, DAY_MS, 900_000),
          },
          "What happens when a channel does not take a message.",
          { default: {} },
        ),
        keep_days: whole("How long alerts are kept after they are over.", 1, 36_500, 400),
      },
      "Alerts: who is told what, and how.",
      { default: {} },
    ),
    stores: closed(
      {
        ledger: text("Where budgets and bookings are kept: sqlite (built in, in data_dir), or the postgres:// URL of a database.", {
          format: "ledger",
          default: "sqlite",
          writeOnly: true,
        }),
        warehouse: text("Where calls are kept for reports: chdb (built in), none, or the URL of a ClickHouse server.", {
          format: "warehouse",
          default: "chdb",
          writeOnly: true,
        }),
        cache: text(
          "Where statuses are kept for a minute: memory (this process), or the redis:// or rediss:// URL of a Redis or Valkey server that all processes on the ledger share.",
          { format: "cache", default: "memory", writeOnly: true },
        ),
        cache_prefix: text("Begins every key in that server. Installations that share a server need different ones.", {
          format: "cache-prefix",
          default: "ballast",
        }),
        usage_days: whole(
          "How long a PostgreSQL ledger keeps what calls used for ai_token_usage; 0 keeps only what waits for the warehouse.",
          0,
          36_500,
          90,
        ),
      },
      "Where facts are kept.",
      { default: {} },
    ),
    api: closed(
      {
        open_reads: Type.Unsafe<"auto" | boolean>({
          enum: ["auto", true, false],
          description: "Whether reading needs no token. auto: only while the server can be reached from this machine alone.",
          default: "auto",
        }),
      },
      "Ballast's own API.",
      { default: {} },
    ),
    telemetry: closed(
      {
        log_level: oneOf("Least important lines that are logged.", ["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info"),
      },
      "What Ballast tells about itself.",
      { default: {} },
    ),
  },
  "Settings of Ballast.",
);

/** What the schema says; some settings of a budget and a provider are filled in on top, see Config. */
export type WrittenConfig = Static<typeof configSchema>;
type WrittenBudget = WrittenConfig["budgets"][number];
type WrittenProvider = WrittenConfig["providers"][number];

export type BudgetConfig = WrittenBudget & { readonly id: string; readonly limit_usd: string };
export type TierConfig = WrittenConfig["tiers"][number];
export type ProviderConfig = WrittenProvider & Required<Pick<WrittenProvider, "price_list" | "max_tokens_field">>;
export type RouteConfig = WrittenConfig["routes"][number];
export type ChannelConfig = WrittenConfig["notify"]["channels"][number];
/** Can be given to `parsePriceRows` of core/pricing as it is. */
export type PriceConfig = WrittenConfig["prices"][number];
export type ContractConfig = WrittenConfig["contracts"][number];
export type MarkupConfig = WrittenConfig["markups"][number];
export type FxRateConfig = WrittenConfig["fx_rates"][number];

/**
 * The settings as they hold: the words of the file, every default filled in. `data_dir` is an absolute path. `base_url` is there for
 * every kind but sim, without a trailing slash or /v1, and so is `models`.
 */
export type Config = Readonly<
  Omit<WrittenConfig, "budgets" | "providers"> & {
    readonly budgets: readonly BudgetConfig[];
    readonly providers: readonly ProviderConfig[];
  }
>;
