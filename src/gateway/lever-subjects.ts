import type { LeverSubjects } from "../core/levers/levers-in-force.ts";
import type { Planning } from "./plan-call.ts";

/** Whose levers turn a call: its use case's, the provider's that serves it, and the model's by the name asked for and the provider's. */
export function leverSubjectsOf({ caller, summary, dialect, settings }: Planning): LeverSubjects {
  const [first] = settings.routes.targets(summary.model, dialect.provider);
  const models = first && first.model !== summary.model ? [summary.model, first.model] : [summary.model];
  return { useCase: caller.scope.use_case, provider: first?.provider.name ?? "", models };
}

/** The same as keys of the lever board: "use_case:ops_copilot" */
export function subjectKeysOf({ useCase, provider, models }: LeverSubjects): string[] {
  return [...(useCase === undefined ? [] : [`use_case:${useCase}`]), `provider:${provider}`, ...models.map((name) => `model:${name}`)];
}
