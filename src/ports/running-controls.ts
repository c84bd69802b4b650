import type { Held, SubjectFacts } from "../core/policy/decision.ts";
import type { SubjectControl } from "../core/policy/subject-control.ts";
import type { Instant } from "../core/time/window.ts";
import type { StoredControls } from "./control-store.ts";

/** The controls of this server, for those who look at them or stop them. */
export interface RunningControls {
  /** By subject; empty where no policy acts. */
  readonly subjects: ReadonlyMap<string, SubjectControl>;
  /** The budget of the ledger that counts what a subject spends. */
  readonly budgetIds: ReadonlyMap<string, string>;
  /** How things stand now: at this process's newest tick where that was just now, else looked at anew. Decides and changes nothing. */
  look(): Promise<ControlsLook>;
  /** Stops: every lever goes off at once, and stays off until they go on. @returns false when it was so already */
  turnSwitch(wish: SwitchWish): Promise<boolean>;
  /** Somebody changed what a tick goes by: the next one is due at once. */
  wake(): void;
  readonly counts: ControlCounts;
  /** Levers away from off, as this process knows them. */
  turned(): readonly { readonly subject: string; readonly lever: string; readonly value: number }[];
}

export interface SwitchWish {
  readonly stop: boolean;
  readonly by: string;
  readonly reason: string;
}

export interface ControlsLook {
  readonly at: Instant;
  readonly stored: StoredControls;
  readonly facts: ReadonlyMap<string, SubjectFacts>;
  readonly held: ReadonlyMap<string, readonly Held[]>;
  /** Money of holds in doubt, by subject: not spent, and not counted. */
  readonly inDoubtNano: ReadonlyMap<string, bigint>;
  /** Why signals could not be asked for; undefined when they were. */
  readonly withoutSignals: string | undefined;
}

/** Since this process started. */
export interface ControlCounts {
  readonly ticks: number;
  readonly failedTicks: number;
  readonly changes: number;
  /** By cause. */
  readonly reverts: Readonly<Record<string, number>>;
  /** Of the newest tick or look, by reason. */
  readonly held: Readonly<Record<string, number>>;
}
