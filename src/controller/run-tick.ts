import { afterDecisions } from "../core/policy/after-decisions.ts";
import { decideAll } from "../core/policy/decide-all.ts";
import { type ControlState, FRESH_STATE, type SubjectFacts, type Verdict } from "../core/policy/decision.ts";
import { stopLevers, whileStopped } from "../core/policy/stop-levers.ts";
import type { SubjectControl } from "../core/policy/subject-control.ts";
import type { Instant } from "../core/time/window.ts";
import type { LeverBoard } from "../data/store/lever-board.ts";
import type { StoredControls, TickAnswer } from "../ports/control-store.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { forecastSubject } from "./gather-forecasts.ts";
import { gatherSignals } from "./gather-signals.ts";
import { gatherSpending } from "./gather-spending.ts";
import { type DecidedSubject, recordOf } from "./record-decisions.ts";
import type { SpendingHistory } from "./spending-history.ts";
import type { UnwrittenReverts } from "./unwritten-reverts.ts";

export interface TickParts {
  readonly store: LedgerStore;
  readonly warehouse: Warehouse | undefined;
  readonly board: LeverBoard;
  readonly controls: ReadonlyMap<string, SubjectControl>;
  /** The budget that counts what a subject spends. */
  readonly budgetIds: ReadonlyMap<string, string>;
  readonly unwritten: UnwrittenReverts;
  readonly history: SpendingHistory;
  readonly now: () => Instant;
}

/** What is known at one moment, and what follows from it. */
export interface TickLook {
  readonly at: Instant;
  readonly stored: StoredControls;
  readonly facts: ReadonlyMap<string, SubjectFacts>;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly decided: readonly DecidedSubject[];
  readonly inDoubtNano: ReadonlyMap<string, bigint>;
  readonly withoutSignals: string | undefined;
}

/**
 * One turn of the controls: what is known, what follows, written down, and only then in force here; other processes hear of it from the store.
 * Done again at once it finds nothing to do. Done by two at once, the store takes the first and calls the other's stale.
 * @param tell what is known, before it is written
 * @throws Problem store_unavailable, with what was decided kept in `unwritten` where it turns levers back
 */
export async function runTick(parts: TickParts, tell: (look: TickLook) => void): Promise<TickAnswer> {
  const look = await lookAtSubjects(parts);
  tell(look);
  const { at, stored, decided } = look;
  if (decided.length === 0) return { stored: [], stale: [] };
  const subjects = decided.map((each) => recordOf(each, at));
  const answer = await parts.store.controls.recordTick({ at, switchRevision: stored.switch.revision, subjects });
  parts.unwritten.clear();
  parts.board.renew(answer.stored);
  return answer;
}

/** Gathers and decides, and changes nothing. */
export async function lookAtSubjects(parts: TickParts): Promise<TickLook> {
  const { store, controls, budgetIds, unwritten } = parts;
  const at = parts.now();
  const stored = await store.controls.read(at);
  const states = unwritten.statesOver(stored.controls);
  const wanted = new Map([...controls.keys()].map((key) => [key, states.get(key)]));
  const [{ spending, inDoubtNano }, { signals, history, missing }] = await Promise.all([
    gatherSpending(budgetIds, store, at),
    gatherSignals(wanted, parts, at),
  ]);
  const facts = new Map(
    [...controls].map(([key, control]): [string, SubjectFacts] => {
      const [spent, measured] = [spending.get(key), signals.get(key) ?? {}];
      if (spent === undefined || history === undefined) return [key, { spending: spent, signals: measured }];
      const { exhaustion, pacing } = forecastSubject(control, spent, history.hours.get(key) ?? [], history.readAt, at);
      return [key, { spending: spent, signals: exhaustion ? { ...measured, exhaustion } : measured, pacing }];
    }),
  );
  const verdicts = heldBy(stored, states, decideAll({ controls, facts, states, approvals: stored.approvals, now: at }), at);
  const revisions = new Map(stored.controls.map(({ subject, revision }) => [subject, revision]));
  const decided = [...verdicts].flatMap(([subject, { decisions }]): DecidedSubject[] => {
    if (decisions.length === 0) return [];
    const state = states.get(subject) ?? FRESH_STATE;
    const known = { facts: facts.get(subject), control: controls.get(subject), actor: "controller" };
    return [{ subject, was: revisions.get(subject) ?? 0, state, decisions, ...known }];
  });
  return { at, stored, facts, verdicts, decided, inDoubtNano, withoutSignals: missing };
}

/** While the controls are stopped no lever is turned, and none stays turned. */
function heldBy(
  { switch: { stopped } }: StoredControls,
  states: ReadonlyMap<string, ControlState>,
  verdicts: Map<string, Verdict>,
  at: Instant,
): Map<string, Verdict> {
  if (stopped === null) return verdicts;
  const reason = `stopped by ${stopped.by}: ${stopped.reason}`;
  return new Map(
    [...verdicts].map(([subject, verdict]) => {
      const { decisions, held } = whileStopped(verdict, reason);
      const left = stopLevers(afterDecisions(states.get(subject) ?? FRESH_STATE, decisions, at), reason);
      return [subject, { decisions: [...decisions, ...left], held }];
    }),
  );
}
