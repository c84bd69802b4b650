import { basename } from "node:path";
import { Problem } from "../contract/problem.ts";
import type { SubjectPolicy } from "../core/policy/policy.ts";
import type { Conflict } from "./config-finding.ts";
import type { Config } from "./config-schema.ts";
import { readPolicyFile } from "./read-policy-file.ts";

/**
 * The policies that the configuration names, those of a server whose controls are off too: a fault is told before it is needed.
 * @throws Problem policy_invalid that names everything that is wrong in any of them, as `problems` in its details
 */
export function readControlPolicies({ controls }: Pick<Config, "controls">): SubjectPolicy[] {
  const faults: Problem[] = [];
  const policies = controls.policies.flatMap((file) => {
    try {
      return readPolicyFile(file).policies;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "policy_invalid") throw error;
      faults.push(error);
      return [];
    }
  });
  if (faults.length === 1) throw faults[0];
  if (faults.length > 1) throw joined(faults);
  return policies;
}

function joined(faults: readonly Problem[]): Problem {
  const problems = faults.flatMap(({ details }) => details.problems as readonly Record<string, unknown>[]);
  const first = faults[0]!;
  const message = `${first.message}; ${faults.length - 1} more of the policies cannot be used either`;
  return new Problem("policy_invalid", { file: first.details.file, problems }, { message });
}

/** Their state is kept by the name of the file without its folder. */
export function policyNameConflicts(files: readonly string[]): Conflict[] {
  const first = new Map<string, string>();
  return files.flatMap((file, index) => {
    // A hole where the entry cannot be read.
    if (file === undefined) return [];
    const name = basename(file);
    const other = first.get(name);
    if (other === undefined) first.set(name, file);
    const message = `${other} has the same name, by which thresholds are remembered: rename one of the two`;
    return other === undefined ? [] : [{ setting: `controls.policies[${index}]`, message }];
  });
}
