import { type Static, Type } from "typebox";
import { SIGNAL_NAMES, SIGNALS, type SignalName } from "../core/levers/signal-list.ts";
import type { SettingSchema } from "./setting-schema.ts";
import { closed, type Options, text as writtenText } from "./setting-shapes.ts";

/* What a file for `ballast policy test` may say: signals over virtual time, and what is to come of them. */

const text = (description: string, options: Options = {}) => writtenText(description, { maxLength: 4000, ...options });
const figure = (description: string) => Type.Unsafe<string>({ type: ["string", "number"], description });
const list = <Item extends Parameters<typeof Type.Array>[0]>(item: Item, description: string, minItems = 0) =>
  Type.Array(item, { minItems, maxItems: 10_000, description });
const name = (description: string) => Type.Optional(text(description, { format: "scope-value" }));
const offset = (description: string) => text(description, { format: "time-offset" });
const time = (description: string) => text(description, { format: "time-span" });

const signals = Object.fromEntries(
  SIGNAL_NAMES.map((signal) => [signal, Type.Optional(figure(`Series: ${SIGNALS[signal].meaning.toLowerCase()}`))]),
) as { [Name in SignalName]: ReturnType<typeof Type.Optional<ReturnType<typeof figure>>> };

const scenario = closed(
  {
    name: text("What is tested, as a sentence."),
    use_case: name("The use case that the signals are of."),
    provider: name("Or the provider."),
    model: name("Or the model."),
    interval: Type.Optional(time("Time between two ticks of the engine; 1m unless set.")),
    start: Type.Optional(text("When the test begins; 2026-01-01 unless set.", { format: "instant" })),
    signals: closed(
      {
        spend_burn: Type.Optional(figure("Series: what is spent, as a share of the cap, such as 0.7+0.01x30.")),
        ...signals,
      },
      "One series each, one point a tick, as Prometheus writes them: 900 950x5 _ 0.7+0.01x20. A series that ends stays as it was last.",
    ),
    approvals: Type.Optional(
      list(
        closed(
          {
            at: offset("When it begins, from the start."),
            for: time("How long it is in force."),
            kind: Type.Enum(["exclusion", "exec"], { description: "For excluded work, or for spending on." }),
            reason: Type.Optional(text("Of an exclusion: the policy's reason.", { format: "scope-value" })),
            approver: text("Who grants it."),
          },
          "An approval that is granted on the way.",
        ),
        "Approvals that are granted on the way.",
      ),
    ),
    failing: Type.Optional(list(text("A lever."), "Levers that cannot be turned in this test.")),
    complete: Type.Optional(
      Type.Boolean({ description: "true: whatever is decided must be expected. Otherwise only the named times are looked at." }),
    ),
    expect: list(
      closed(
        {
          at: offset("When, from the start: a multiple of the interval."),
          decisions: Type.Optional(
            list(text("Such as apply depth_k off -> 8."), "All that is decided then, in any order; [] for nothing."),
          ),
          levers: Type.Optional(
            Type.Record(Type.String(), figure("off, on, or a number."), { description: "Values of levers after that." }),
          ),
          held: Type.Optional(
            list(text("Such as depth_k guardrail."), "What is asked for and not done then, and why; others may be held too."),
          ),
        },
        "What is to come at one time.",
      ),
      "What is to come, by time.",
      1,
    ),
  },
  "One test.",
);

export const policyTestSchema = closed(
  {
    policies: list(text("A policy file, from the folder of this one."), "The policies under test, together.", 1),
    tests: list(scenario, "The tests.", 1),
  },
  "Tests of policies: signals over time, and what is to come of them.",
);

export type WrittenPolicyTest = Static<typeof policyTestSchema>;
export type WrittenScenario = WrittenPolicyTest["tests"][number];

export const policyTestRoot = policyTestSchema as unknown as SettingSchema;
