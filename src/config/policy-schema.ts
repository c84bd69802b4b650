import { type Static, Type } from "typebox";
import { ACTION_PATTERN } from "../core/policy/action-list.ts";
import type { SettingSchema } from "./setting-schema.ts";
import { amount, closed, type Options, text as writtenText } from "./setting-shapes.ts";

/*
 * What a policy file may say: `use_cases`, `providers` and `reporting` as the controls document prints them, `spend_slo` as the economics
 * document prints its budget guard, and what both leave to a default.
 */

const text = (description: string, options: Options = {}) => writtenText(description, { maxLength: 200, ...options });
const list = <Item extends Parameters<typeof Type.Array>[0]>(item: Item, description: string, minItems = 0) =>
  Type.Array(item, { minItems, maxItems: 10_000, description });

const guardrails = closed(
  {
    p95_latency_ms: Type.Optional(amount("95 % of the answers end within it, in milliseconds; 1200 unless set.", "latency-limit")),
    error_rate: Type.Optional(amount("Most share of the calls that may end in an error; 1% unless set.", "error-limit")),
    grounded: Type.Optional(amount("Least groundedness of the rated answers, of 5; 4.2 unless set.", "score-limit")),
  },
  "Limits that no lever may break. off: not measured here and not waited for.",
);
const pace = closed(
  {
    probation: Type.Optional(text("How long a change is watched before the next step; 10m unless set.", { format: "time-span" })),
    cool_down: Type.Optional(text("Least time between two changes of a lever; 10m unless set.", { format: "time-span" })),
    hold_off: Type.Optional(
      text("How long a lever is left alone after it broke a guardrail, doubling up to a day; 1h unless set.", { format: "time-span" }),
    ),
    clear_margin: Type.Optional(
      amount("How far below a threshold spending counts as cleared, as a share of the cap; 5% unless set.", "cap-share"),
    ),
    least_samples: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: "Calls or ratings that a signal must be made of; 30 unless set." }),
    ),
    most_age: Type.Optional(text("How old a signal may be; 2m unless set.", { format: "time-span" })),
  },
  "How fast the engine moves, and what it takes for a fact.",
);
const own = {
  guardrails: Type.Optional(guardrails),
  pace: Type.Optional(pace),
};
const threshold = closed(
  {
    pct: amount("Share of the cap at which it is reached, such as 0.75 or 75%.", "cap-share"),
    actions: list(text("An action, such as notify:#finops.", { pattern: `^${ACTION_PATTERN}$` }), "What happens while it is reached.", 1),
  },
  "A share of the cap, and what happens there.",
);
const forecast = Type.Optional(
  list(
    closed(
      {
        exhausted_within: text("The cap is forecast to be spent within it, and before its month ends.", { format: "time-span" }),
        actions: list(text("An action, such as protect_p0.", { pattern: `^${ACTION_PATTERN}$` }), "What happens while it is so.", 1),
      },
      "A time before the cap is spent, and what happens there.",
    ),
    "What happens before the cap is reached, by the signal exhaustion. Coming nearer: 72h, then 24h.",
    1,
  ),
);
const exclusions = Type.Optional(
  list(
    closed(
      { reason: text("Such as security_fix.", { format: "scope-value" }), approver: text("Who may grant it.") },
      "Work that levers must not hold up.",
    ),
    "For what the levers can be turned off for a time, and by whom.",
  ),
);
const scopeName = (description: string) => text(description, { format: "scope-value" });
const cap = "The most to be spent in a calendar month, in USD.";
const capped = (what: string) =>
  closed(
    {
      name: scopeName(`Name of the ${what}.`),
      cap_usd: amount(cap, "usd"),
      thresholds: Type.Optional(list(threshold, "Rising. Told at 75, 90 and 100 % on reporting.channel unless set.", 1)),
      forecast,
      exclusions,
      ...own,
    },
    `The cap of a ${what}.`,
  );

const useCase = closed(
  {
    id: scopeName("Name of the use case, as calls name it."),
    monthly_cap_usd: amount(cap, "usd"),
    thresholds: Type.Optional(list(threshold, "Rising. Told at 75, 90 and 100 % on reporting.channel unless set.", 1)),
    forecast,
    exclusions,
    ...own,
  },
  "The cap of a use case.",
);

const alert = closed(
  {
    threshold: amount("Share of the cap at which it is reached, such as 0.75 or 75%.", "cap-share"),
    action: text("One action or several with commas.", {
      maxLength: 2000,
      pattern: `^\\s*${ACTION_PATTERN}(?:\\s*,\\s*${ACTION_PATTERN})*\\s*$`,
    }),
  },
  "A share of the cap, and what happens there.",
);

export const policySchema = closed(
  {
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: 1, description: "Version of the format." })),
    use_cases: Type.Optional(list(useCase, "Caps of use cases.")),
    providers: Type.Optional(list(capped("provider"), "Caps of providers.")),
    models: Type.Optional(list(capped("model"), "Caps of models.")),
    spend_slo: Type.Optional(
      closed(
        {
          use_case: scopeName("Name of the use case, as calls name it."),
          monthly_cap_usd: amount(cap, "usd"),
          alerts: list(alert, "Rising.", 1),
          forecast,
          exclusions,
          ...own,
        },
        "The budget guard of one use case.",
      ),
    ),
    ...own,
    reporting: Type.Optional(
      closed(
        {
          channel: Type.Optional(text("Where reports go, and what thresholds without actions of their own tell.")),
          artifacts: Type.Optional(list(text("Name of a file."), "Files that a report has.")),
        },
        "Where reports go.",
      ),
    ),
  },
  "Caps on spending, and what happens as they are used up.",
);

export type WrittenPolicy = Static<typeof policySchema>;
export type WrittenGuardrails = Static<typeof guardrails>;
export type WrittenPace = Static<typeof pace>;

export const policyRoot = policySchema as unknown as SettingSchema;
