import type { Config } from "../../config/config-schema.ts";
import { readControlPolicies } from "../../config/read-control-policies.ts";
import { Problem } from "../../contract/problem.ts";
import type { SubjectPolicy } from "../../core/policy/policy.ts";
import { settingLine, settingProblems } from "../failure-report.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";

type PolicyConfig = Pick<Config, "controls" | "providers" | "model_sizes" | "stores">;

/** Whether the policies load, and whether what they cap and turn is there. A policy without it is right, and does nothing. */
export function checkPolicies(config: PolicyConfig): DoctorCheck[] {
  if (config.controls.policies.length === 0) return [];
  let policies: readonly SubjectPolicy[];
  try {
    policies = readControlPolicies(config);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "policy_invalid") throw error;
    const remedy = "Correct it; the server does not start without it.";
    return settingProblems(error.details).map((problem) => fail("policies", settingLine(problem), remedy));
  }
  const loaded = ok("policies", `${config.controls.policies.length} load, about ${policies.length} caps`);
  return [loaded, ...policies.flatMap((policy) => checkProvider(policy, config)), ...checkLevers(policies, config)];
}

/** Names of providers are compared to the letter. Use that is only tracked may be of providers that no call here reaches. */
function checkProvider({ policy, subject }: SubjectPolicy, { providers }: PolicyConfig): DoctorCheck[] {
  if (subject.kind !== "provider" || providers.some(({ name }) => name === subject.name)) return [];
  const near = providers.find(({ name }) => name.toLowerCase() === subject.name.toLowerCase());
  const detail = `${policy} caps the provider ${subject.name}, and no provider is configured under this name: only use that is tracked under it counts`;
  return [warn("policies", detail, near ? `Write ${near.name}.` : "Write the provider's name as under providers.")];
}

function checkLevers(policies: readonly SubjectPolicy[], config: PolicyConfig): DoctorCheck[] {
  const actions = policies.flatMap(({ thresholds }) => thresholds.flatMap((threshold) => threshold.actions));
  const turned = new Set(actions.flatMap((action) => (action.kind === "turn" ? [action.lever] : [])));
  const sized = (["small_model_share", "feature_freeze/large_model"] as const).filter((lever) => turned.has(lever));
  const checks: DoctorCheck[] = [];
  if (sized.length > 0 && config.model_sizes.length === 0) {
    const detail = `${sized.join(" and ")} cannot change a call: no models are named small and large`;
    checks.push(warn("policies", detail, "Name them under model_sizes."));
  }
  if (turned.size > 0 && config.stores.warehouse === "none") {
    checks.push(warn("policies", "nothing is measured without a warehouse, so no guarded lever moves", "Set stores.warehouse."));
  }
  return checks;
}
