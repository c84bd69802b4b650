import { leverState } from "../../core/levers/lever-state.ts";
import { turnedLevers } from "../../core/policy/decide.ts";
import { decidedTexts } from "../../core/policy/decision-text.ts";
import type { DryRun, DryRunPhase } from "../../core/policy/dry-run.ts";

export function dryrunLines({ assumed, exhaustionHours, phases, checks }: DryRun, passed: boolean): string[] {
  const signals = assumed.map(({ guardrail, holding, broken }) => `${guardrail} ${holding} (broken: ${broken})`);
  if (exhaustionHours !== undefined) signals.push(`exhaustion ${exhaustionHours} h`);
  return [
    `Assumed, not measured: ${signals.join(", ") || "no guardrail is in force"}; signals are fresh and show a break at once. Nothing is said of cost.`,
    ...phases.flatMap(phaseLines),
    "",
    ...checks.map((check) => `${check.passed ? "ok    " : "FAILED"}  ${check.name} (${check.detail})`),
    passed ? "Everything that was turned came back." : "Not all checks passed.",
  ];
}

export function phaseLines(phase: DryRunPhase): string[] {
  const events = phase.events.flatMap(({ atMs, verdict }) => {
    const at = clockText(atMs).padStart(8);
    return decidedTexts(verdict).map((text, index) => `${index === 0 ? at : " ".repeat(8)}  ${text}`);
  });
  return ["", `${phase.name}:`, ...(events.length > 0 ? events : ["          nothing"])];
}

export function dryrunJson({ assumed, exhaustionHours, phases, checks }: DryRun): object {
  return { assumed, exhaustion_hours: exhaustionHours ?? null, phases: phases.map(phaseJson), checks };
}

export function phaseJson({ name, events, after }: DryRunPhase): object {
  return {
    name,
    events: events.map(({ atMs, verdict }) => ({ at: clockText(atMs), decisions: decidedTexts(verdict) })),
    levers: Object.fromEntries(turnedLevers(after).map((id) => [id, leverState(after.levers, id).value])),
  };
}

/** Minutes and seconds since the phase began: 630000 is "10:30". */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
