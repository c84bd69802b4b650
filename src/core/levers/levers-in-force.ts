import type { ControlState } from "../policy/decision.ts";
import { type Subject, subjectKey } from "../policy/policy.ts";
import { type LeverId, leverKind } from "./lever-list.ts";
import { cheaperOf } from "./lever-step.ts";

/** What turns a call: the levers of its subjects that stand away from off, each at its value. */
export type LeversInForce = Readonly<Partial<Record<LeverId, number>>>;

export const NO_LEVERS: LeversInForce = {};

/** Whose levers turn a call. The model is the one asked for, by any of its names. */
export interface LeverSubjects {
  readonly useCase: string | undefined;
  readonly provider: string;
  readonly models: readonly string[];
}

/** The levers of all subjects of a call. Where several have turned the same one, the cheapest value holds. */
export function leversInForce(states: ReadonlyMap<string, Pick<ControlState, "levers">>, of: LeverSubjects): LeversInForce {
  if (states.size === 0) return NO_LEVERS;
  let found: Partial<Record<LeverId, number>> | undefined;
  for (const subject of subjectsOf(of)) {
    const levers = states.get(subjectKey(subject))?.levers;
    if (!levers) continue;
    for (const [id, state] of Object.entries(levers) as [LeverId, { value: number }][]) {
      const lever = leverKind(id);
      if (state.value === lever.off) continue;
      found ??= {};
      const other = found[id];
      found[id] = other === undefined ? state.value : cheaperOf(lever, other, state.value);
    }
  }
  return found ?? NO_LEVERS;
}

function subjectsOf({ useCase, provider, models }: LeverSubjects): Subject[] {
  const subjects: Subject[] = useCase ? [{ kind: "use_case", name: useCase }] : [];
  subjects.push({ kind: "provider", name: provider });
  for (const name of models) subjects.push({ kind: "model", name });
  return subjects;
}
