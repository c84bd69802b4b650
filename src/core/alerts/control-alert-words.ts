import type { AlertWords } from "./alert-words.ts";
import { type ControlAlertFacts, subjectWords } from "./control-alert.ts";

/** What the controls tell people, in words. @param money amounts as people read them @param moment instants in UTC */
export function controlWords(facts: ControlAlertFacts, money: (usd: string) => string, moment: (at: number) => string): AlertWords {
  const subject = subjectWords(facts.subject);
  switch (facts.kind) {
    case "control_threshold_reached":
      return {
        title: `${subject} has used ${facts.percent} % of its cap`,
        happened: `${money(facts.spentUsd)} of ${money(facts.capUsd)} are spent this month (${facts.threshold}, for ${facts.channel}). The levers that this threshold asks for are turned step by step while the guardrails hold.`,
        doFirst: "Look at what is turned and what is held (ballast controls), and at who spends (ballast report usage).",
      };
    case "approval_asked":
      return {
        title: `${subject} needs an approval to spend on`,
        happened: `${money(facts.spentUsd)} of ${money(facts.capUsd)} are spent this month (${facts.threshold}). Until somebody approves, the levers of this threshold hold.`,
        doFirst: "Approve for a time (ballast approval add --kind exec), or let the levers stand.",
      };
    case "guardrail_broken":
      return {
        title: `A guardrail of ${subject} broke`,
        happened: `${facts.detail}. Turned back: ${facts.levers.join(", ")}. They are left alone for a while, longer each time.`,
        doFirst: "See whether the signal recovers (ballast controls). If it does not, the levers were not the cause.",
      };
    case "revert_failed":
      return {
        title: `A lever of ${subject} cannot be turned back`,
        happened: `${facts.detail}. It is tried again at every tick.`,
        doFirst: "See whether the ledger can be written (readyz, the log). ballast controls stop turns every lever off at once.",
      };
    case "lever_changed":
      return {
        title: `${facts.lever} of ${subject}: ${facts.from} to ${facts.to}`,
        happened: `${facts.cause === "apply" ? "It was turned" : `It was turned back (${facts.cause})`}: ${facts.reason}.${facts.probationUntil === null ? "" : ` It is on probation until ${moment(facts.probationUntil)}.`}`,
        doFirst: "Nothing: the controls look after it.",
      };
    default:
      return facts satisfies never;
  }
}
