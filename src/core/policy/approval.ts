import type { Instant } from "../time/window.ts";
import { type Subject, subjectKey } from "./policy.ts";
import type { SubjectControl } from "./subject-control.ts";

/**
 * Somebody's word that the levers wait, for a time. "exclusion": work of a reason that the policy names, such as security_fix.
 * "exec": spending goes on past the threshold that asked for it.
 */
export type Approval = {
  readonly id: string;
  readonly subject: Subject;
  readonly approver: string;
  /** Half-open: in force from `from` until just before `until`. */
  readonly from: Instant;
  readonly until: Instant;
} & ({ readonly kind: "exclusion"; readonly reason: string } | { readonly kind: "exec" });

export interface ApprovalsInForce {
  readonly exclusion: Approval | undefined;
  readonly exec: Approval | undefined;
  /** Why an approval that is in time does not count. */
  readonly refused: readonly { readonly approval: string; readonly detail: string }[];
}

/** The subject's approvals that count now: an exclusion only from whom the policy names for its reason. */
export function approvalsInForce(control: SubjectControl, approvals: readonly Approval[], now: Instant): ApprovalsInForce {
  const mine = subjectKey(control.subject);
  const inTime = approvals.filter(({ subject, from, until }) => subjectKey(subject) === mine && from <= now && now < until);
  const refused: { approval: string; detail: string }[] = [];
  const counting = inTime.filter((approval) => {
    const detail = whyNot(control, approval);
    if (detail !== undefined) refused.push({ approval: approval.id, detail });
    return detail === undefined;
  });
  return {
    exclusion: counting.find(({ kind }) => kind === "exclusion"),
    exec: counting.find(({ kind }) => kind === "exec"),
    refused,
  };
}

/** Why the approval does not count, or undefined where it does. For whoever records one as well. */
export function whyNot({ exclusions }: Pick<SubjectControl, "exclusions">, approval: Approval): string | undefined {
  if (approval.kind === "exec") return undefined;
  const named = exclusions.filter(({ reason }) => reason === approval.reason);
  if (named.length === 0) return `the policy has no exclusion for ${approval.reason}`;
  if (named.some(({ approver }) => approver === approval.approver)) return undefined;
  return `${approval.approver} may not grant ${approval.reason}; ${named.map(({ approver }) => approver).join(" or ")} may`;
}
