import type { LeverId } from "../core/levers/lever-list.ts";
import { afterDecisions } from "../core/policy/after-decisions.ts";
import type { ControlState } from "../core/policy/decision.ts";
import type { Instant } from "../core/time/window.ts";
import type { StoredControl } from "../ports/control-store.ts";
import type { DecidedSubject } from "./record-decisions.ts";

/**
 * Reverts that were decided and that the store could not take. What the store cannot keep is remembered here, so that each is tried again at
 * every tick and somebody is paged once; when this process ends with them, the next one sees the same broken guardrail.
 */
export class UnwrittenReverts {
  readonly #failed = new Map<string, { readonly was: number; readonly state: ControlState }>();

  get size(): number {
    return this.#failed.size;
  }

  /** The states to decide from: the store's, with what failed since. What somebody else has changed meanwhile is theirs. */
  statesOver(stored: readonly StoredControl[]): Map<string, ControlState> {
    const states = new Map(stored.map(({ subject, state }) => [subject, state]));
    const revisions = new Map(stored.map(({ subject, revision }) => [subject, revision]));
    for (const [subject, { was, state }] of this.#failed) {
      if ((revisions.get(subject) ?? 0) === was) states.set(subject, state);
      else this.#failed.delete(subject);
    }
    return states;
  }

  /** @returns what somebody has to be paged for, since no message can be stored */
  note(decided: readonly DecidedSubject[], now: Instant): { readonly subject: string; readonly about: string; readonly detail: string }[] {
    return decided.flatMap(({ subject, was, state, decisions }) => {
      const reverts = decisions.filter(({ kind }) => kind === "revert");
      if (reverts.length === 0) return [];
      const failed = new Set<LeverId>(reverts.flatMap((decision) => (decision.kind === "revert" ? [decision.lever] : [])));
      const pages = decisions.flatMap((decision) => (decision.kind === "page" ? [decision] : []));
      this.#failed.set(subject, { was, state: afterDecisions(state, [...reverts, ...pages], now, failed) });
      return pages.map(({ about, detail }) => ({ subject, about, detail }));
    });
  }

  /** The store has taken a tick. */
  clear(): void {
    this.#failed.clear();
  }
}
