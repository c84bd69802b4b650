import type { FlagError } from "../contract/flags-contract.ts";
import { LEVER_FLAG_KEYS } from "../core/levers/lever-flags.ts";
import type { LeverSubjects } from "../core/levers/levers-in-force.ts";
import { isScopeValue } from "../core/scope/scope.ts";
import type { ApiCaller } from "./api-caller.ts";

export type ReadContext =
  | { readonly outcome: "read"; readonly subjects: LeverSubjects; readonly own: ReadonlyMap<string, number> }
  | { readonly outcome: "refused"; readonly errorCode: FlagError; readonly errorDetails: string };

const SUBJECTS = ["use_case", "targetingKey", "provider", "model"] as const;

/**
 * Whose levers are asked for. The use case is `use_case`, else the one of the virtual key, else the targeting key: applications often put a
 * user there. What else a context says is theirs.
 */
export function readFlagContext(context: Readonly<Record<string, unknown>> = {}, caller: ApiCaller): ReadContext {
  const said: Partial<Record<(typeof SUBJECTS)[number], string>> = {};
  const keyScope = caller.kind === "key" ? caller.key.scope : undefined;
  const neverNamed = keyScope?.use_case !== undefined || context.use_case !== undefined;
  for (const name of SUBJECTS) {
    const value = context[name];
    if (value === undefined || value === "" || (name === "targetingKey" && neverNamed)) continue;
    if (typeof value !== "string" || !isScopeValue(value))
      return refused("INVALID_CONTEXT", `${name} is no name of at most 128 characters.`);
    said[name] = value;
  }
  if (keyScope?.use_case !== undefined && said.use_case !== undefined && said.use_case !== keyScope.use_case) {
    const mayName = caller.kind === "key" && caller.key.mayName.includes("use_case");
    if (!mayName) return refused("INVALID_CONTEXT", `The key is for use case ${keyScope.use_case}, and may not name another one.`);
  }
  const useCase = said.use_case ?? keyScope?.use_case ?? said.targetingKey;
  if (useCase === undefined && said.provider === undefined && said.model === undefined)
    return refused("TARGETING_KEY_MISSING", "Say whose levers: the use case as targetingKey or use_case; also provider and model.");
  const own = new Map<string, number>();
  for (const key of LEVER_FLAG_KEYS) if (Number.isFinite(context[key])) own.set(key, context[key] as number);
  return { outcome: "read", subjects: subjectsOf(useCase, said.provider, said.model), own };
}

export function subjectsOf(useCase: string | undefined, provider: string | undefined, model: string | undefined): LeverSubjects {
  return { useCase, provider: provider ?? "", models: model === undefined ? [] : [model] };
}

function refused(errorCode: FlagError, errorDetails: string): ReadContext {
  return { outcome: "refused", errorCode, errorDetails };
}
