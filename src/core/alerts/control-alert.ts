import type { ScopeSelector } from "../scope/scope.ts";
import type { Instant } from "../time/window.ts";

/** What the controls tell people. The subject is written as "use_case:ops_copilot"; amounts are exact decimal text of USD. */
export type ControlAlertFacts =
  | {
      readonly kind: "control_threshold_reached";
      readonly subject: string;
      /** "spend_slo.yaml@0.75" */
      readonly threshold: string;
      /** Of the cap. */
      readonly percent: number;
      readonly capUsd: string;
      readonly spentUsd: string;
      /** As the policy writes it, such as "#finops". */
      readonly channel: string;
    }
  | {
      readonly kind: "approval_asked";
      readonly subject: string;
      readonly threshold: string;
      readonly percent: number;
      readonly capUsd: string;
      readonly spentUsd: string;
    }
  | { readonly kind: "guardrail_broken"; readonly subject: string; readonly levers: readonly string[]; readonly detail: string }
  | { readonly kind: "revert_failed"; readonly subject: string; readonly levers: readonly string[]; readonly detail: string }
  | {
      readonly kind: "lever_changed";
      readonly subject: string;
      readonly lever: string;
      /** As people read them: "off", "on" or the number. */
      readonly from: string;
      readonly to: string;
      /** "apply", or why it was turned back. */
      readonly cause: string;
      readonly reason: string;
      readonly probationUntil: Instant | null;
    };

export type ControlAlertKind = ControlAlertFacts["kind"];

const CONTROL_KINDS: readonly string[] = [
  "control_threshold_reached",
  "approval_asked",
  "guardrail_broken",
  "revert_failed",
  "lever_changed",
] satisfies ControlAlertKind[];

export function isControlAlert(facts: { readonly kind: string }): facts is ControlAlertFacts {
  return CONTROL_KINDS.includes(facts.kind);
}

/** What routes are compared with: the subject's own dimension. */
export function scopeOfSubject(subject: string): ScopeSelector {
  const at = subject.indexOf(":");
  return { [subject.slice(0, at)]: subject.slice(at + 1) };
}

/** "use case ops_copilot" */
export function subjectWords(subject: string): string {
  return subject.replace("_", " ").replace(":", " ");
}
