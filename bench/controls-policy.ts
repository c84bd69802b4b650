import type { LeverId } from "../src/core/levers/lever-list.ts";
import { readAction } from "../src/core/policy/read-action.ts";
import type { BenchLevers } from "./controls-run.ts";
import { USE_CASES } from "./controls-workload.ts";

/** What a policy asks for in each use case, as it is written in one. */
export type BenchPolicy = Partial<Record<(typeof USE_CASES)[number], readonly string[]>>;

const EVERYWHERE = ["enable_prompt_compress", "increase_cache_aggressiveness=2", "route_small_model>=65%", "truncate_response_p95=350"];

/** The actions of the controls document's policy below its last threshold, in all use cases; the cache at level 2. Depth is the application's. */
export const PRINTED_POLICY: BenchPolicy = Object.fromEntries(USE_CASES.map((useCase) => [useCase, EVERYWHERE]));

const UNCAPPED = ["enable_prompt_compress", "increase_cache_aggressiveness=2"];

/** Where the recorded answers say that quality stays: no cap, which cuts answers, and of the exams only the easiest to the small model. */
export const KEEPING_POLICY: BenchPolicy = {
  help_desk: UNCAPPED,
  exams: [...UNCAPPED, "route_small_model>=5%"],
  minutes: UNCAPPED,
};

/** The first step of the share: by the recorded answers the last at which exams stay above the policy's guardrail, 4.2 of 5. */
export const GUARDED_POLICY: BenchPolicy = { ...KEEPING_POLICY, exams: [...UNCAPPED, "route_small_model>=25%"] };

/** Levers at the values that the actions ask for, as they stand when the controller is through with its steps. @throws Error */
export function leversOf(policy: BenchPolicy, counts: (lever: LeverId) => boolean = () => true): BenchLevers {
  return Object.fromEntries(
    Object.entries(policy).map(([useCase, words]) => {
      const turned = words.flatMap((word) => {
        const reading = readAction(word);
        if (reading.outcome !== "read") throw new Error(`no action ${word}`);
        return reading.actions.flatMap((action) => (action.kind === "turn" && counts(action.lever) ? [[action.lever, action.target]] : []));
      });
      return [useCase, Object.fromEntries(turned)];
    }),
  );
}

export function policyLines(policy: BenchPolicy): string[] {
  return Object.entries(policy).map(([useCase, words]) => `  ${useCase}: ${words.join(", ")}`);
}
