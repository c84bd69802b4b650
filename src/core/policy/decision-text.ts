import { type LeverId, leverKind } from "../levers/lever-list.ts";
import { armKey } from "../optimiser/arm-grid.ts";
import type { Decision, Verdict } from "./decision.ts";

/**
 * A decision in one line, as scenarios expect it and people read it: "apply depth_k off -> 8", "notify #finops". Whatever has a
 * long reason keeps it for the record.
 */
export function decisionText(decision: Decision): string {
  switch (decision.kind) {
    case "apply":
      return `apply ${decision.lever} ${valueText(decision.lever, decision.from)} -> ${valueText(decision.lever, decision.to)}`;
    case "revert": {
      const values = `${valueText(decision.lever, decision.from)} -> ${valueText(decision.lever, decision.to)}`;
      const broken = decision.guardrails.map(({ name }) => name).join(", ");
      return `revert ${decision.lever} ${values} (${decision.cause === "guardrail" ? broken : decision.cause})`;
    }
    case "keep":
      return `keep ${decision.lever} ${valueText(decision.lever, decision.value)}`;
    case "reached":
    case "cleared":
      return `${decision.kind} ${decision.threshold}`;
    case "trial":
      return `trial ${armKey(decision.arm)} (${decision.why})`;
    case "notify":
      return `notify ${decision.channel}`;
    case "ask_approval":
      return "ask_approval";
    case "open_postmortem":
      return "open_postmortem";
    case "page":
      return `page ${decision.about} ${decision.levers.join(", ")}`;
    default:
      return decision satisfies never;
  }
}

/** What is decided, in words. That a threshold is reached or cleared shows in what follows from it. */
export function decidedTexts({ decisions }: Verdict): string[] {
  return decisions.filter(({ kind }) => kind !== "reached" && kind !== "cleared").map(decisionText);
}

/** "off", "on", or the number. */
export function valueText(lever: LeverId, value: number): string {
  const { off, unit } = leverKind(lever);
  if (value === off) return "off";
  return unit === "switch" ? "on" : String(value);
}
