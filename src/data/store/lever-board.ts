import { type LeverSubjects, type LeversInForce, leversInForce } from "../../core/levers/levers-in-force.ts";
import type { ControlState } from "../../core/policy/decision.ts";
import type { StoredControl } from "../../ports/control-store.ts";

export type { StoredControl };

/** The levers of the store, kept in memory for the path of every call. Changed by the controller only, store first. */
export class LeverBoard {
  readonly #controls = new Map<string, StoredControl>();
  readonly #states = new Map<string, ControlState>();
  readonly #listeners = new Set<(changed: readonly StoredControl[]) => void>();

  inForce(of: LeverSubjects): LeversInForce {
    return leversInForce(this.#states, of);
  }

  get(subject: string): StoredControl | undefined {
    return this.#controls.get(subject);
  }

  all(): StoredControl[] {
    return [...this.#controls.values()];
  }

  /** What the store has changed. What is older than what is known is left alone, since news may come late and in any order. */
  renew(controls: readonly StoredControl[]): void {
    const changed = controls.filter(({ subject, revision }) => revision > (this.#controls.get(subject)?.revision ?? 0));
    for (const control of changed) {
      this.#controls.set(control.subject, control);
      this.#states.set(control.subject, control.state);
    }
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
  }

  /** @returns stops listening */
  onChanged(listener: (changed: readonly StoredControl[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
