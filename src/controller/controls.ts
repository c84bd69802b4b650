import { Problem } from "../contract/problem.ts";
import { leverState } from "../core/levers/lever-state.ts";
import { turnedLevers } from "../core/policy/decide.ts";
import type { Decision, Held } from "../core/policy/decision.ts";
import { stopLevers } from "../core/policy/stop-levers.ts";
import { isTickDue } from "../core/policy/tick-due.ts";
import type { Instant } from "../core/time/window.ts";
import type { StoredControl } from "../ports/control-store.ts";
import type { AuditedChange } from "../ports/ledger-store.ts";
import type { ControlCounts, ControlsLook, RunningControls, SwitchWish } from "../ports/running-controls.ts";
import type { CallFacts } from "../telemetry/call-tally.ts";
import { gatherSpending } from "./gather-spending.ts";
import { type DecidedSubject, recordOf } from "./record-decisions.ts";
import { lookAtSubjects, runTick, type TickLook, type TickParts } from "./run-tick.ts";
import { SpendingHistory } from "./spending-history.ts";
import { UnwrittenReverts } from "./unwritten-reverts.ts";

export interface ControlsParts extends Omit<TickParts, "unwritten" | "history"> {
  readonly log: { warn(facts: object, words: string): void; error(facts: object, words: string): void };
}

/** How long what a tick found is shown as it is. */
const LOOK_LASTS_MS = 15_000;
/** While a revert waits to be written, ticks do not wait for half a minute. */
const TRY_AGAIN_MS = 5_000;
const MOST_TURNS = 20;

/** The controls of one server: when a tick is due, what the last one found, and the switch that stops them. */
export class Controls implements RunningControls {
  readonly #parts: TickParts & ControlsParts;
  /** Calls since the last tick, by subject: those of this server. */
  readonly #calls = new Map<string, number>();
  #tickedAt: Instant | undefined;
  #woken = true;
  #look: TickLook | undefined;
  #looking: Promise<TickLook> | undefined;
  #ticks = 0;
  #failedTicks = 0;
  #changes = 0;
  readonly #reverts = new Map<string, number>();

  constructor(parts: ControlsParts) {
    this.#parts = { ...parts, unwritten: new UnwrittenReverts(), history: new SpendingHistory() };
  }

  get subjects() {
    return this.#parts.controls;
  }

  get budgetIds() {
    return this.#parts.budgetIds;
  }

  get counts(): ControlCounts {
    const held: Record<string, number> = {};
    for (const verdict of this.#look?.verdicts.values() ?? []) {
      for (const { reason } of verdict.held) held[reason] = (held[reason] ?? 0) + 1;
    }
    const reverts = Object.fromEntries(this.#reverts);
    return { ticks: this.#ticks, failedTicks: this.#failedTicks, changes: this.#changes, reverts, held };
  }

  turned() {
    return this.#parts.board
      .all()
      .flatMap(({ subject, state }) =>
        turnedLevers(state).map((lever) => ({ subject, lever, value: leverState(state.levers, lever).value })),
      );
  }

  /** Told of every call of this server that ended. */
  observe({ useCase, provider, model, outcome }: Pick<CallFacts, "useCase" | "provider" | "model" | "outcome">): void {
    if (outcome === "refused" || outcome === "rejected") return;
    for (const key of [`use_case:${useCase}`, `provider:${provider}`, `model:${model}`]) {
      if (this.#parts.controls.has(key)) this.#calls.set(key, (this.#calls.get(key) ?? 0) + 1);
    }
  }

  wake(): void {
    this.#woken = true;
  }

  isDue(): boolean {
    if (this.#woken || this.#tickedAt === undefined) return true;
    const sinceMs = this.#parts.now() - this.#tickedAt;
    if (this.#parts.unwritten.size > 0 && sinceMs >= TRY_AGAIN_MS) return true;
    return isTickDue(sinceMs, Math.max(0, ...this.#calls.values()));
  }

  /** One tick. What cannot be written is logged and tried again: nothing else waits for it. */
  async tick(): Promise<void> {
    const { unwritten, log, now } = this.#parts;
    this.#woken = false;
    this.#tickedAt = now();
    this.#calls.clear();
    let look: TickLook | undefined;
    try {
      const { stored, stale } = await runTick(this.#parts, (told) => {
        look = told;
        this.#look = told;
      });
      this.#ticks += 1;
      const done = new Set(stored.map(({ subject }) => subject));
      for (const { subject, decisions } of look?.decided ?? []) if (done.has(subject)) this.#count(decisions);
      // Somebody else was first: what they wrote is decided from at once.
      if (stale.length > 0) this.wake();
    } catch (error) {
      this.#failedTicks += 1;
      const pages = unwritten.note(look?.decided ?? [], now());
      log.warn({ error: (error as Error).message, unwritten: unwritten.size }, "a tick of the controls could not be carried out");
      // Alerts go through the ledger, which is what is away: the log is the one way left.
      for (const page of pages) log.error(page, "levers have to go back and cannot, since the ledger cannot be written; it is tried again");
    }
  }

  async look(): Promise<ControlsLook> {
    const { store, budgetIds, now } = this.#parts;
    const isFresh = this.#look !== undefined && now() - this.#look.at <= LOOK_LASTS_MS;
    const look = isFresh ? this.#look! : await this.#lookAnew();
    const at = now();
    const [stored, { spending, inDoubtNano }] = await Promise.all([store.controls.read(at), gatherSpending(budgetIds, store, at)]);
    const facts = new Map([...look.facts].map(([key, known]) => [key, { ...known, spending: spending.get(key) }]));
    const held = new Map<string, readonly Held[]>([...look.verdicts].map(([key, verdict]) => [key, verdict.held]));
    return { at, stored, facts, held, inDoubtNano, withoutSignals: look.withoutSignals };
  }

  /** Who asks at the same time shares one look. */
  #lookAnew(): Promise<TickLook> {
    this.#looking ??= lookAtSubjects(this.#parts)
      .then((look) => {
        this.#look = look;
        return look;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async turnSwitch(wish: SwitchWish): Promise<boolean> {
    const { store, board, now } = this.#parts;
    // A tick may write between reading and turning; then it is read again.
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const at = now();
      const read = await store.controls.read(at);
      if ((read.switch.stopped !== null) === wish.stop) return false;
      const decided = wish.stop ? read.controls.flatMap((control) => offDecisions(control, wish)) : [];
      const subjects = decided.map((each) => recordOf(each, at));
      const stopped = wish.stop ? { by: wish.by, reason: wish.reason } : null;
      const turned = { at, switchRevision: read.switch.revision, subjects, stopped, change: changeOf(wish) };
      const answer = await store.controls.turnSwitch(turned);
      if (answer === undefined) continue;
      board.renew(answer.stored);
      for (const { decisions } of decided) this.#count(decisions);
      this.wake();
      return true;
    }
    throw new Problem("store_unavailable", {}, { message: "The switch could not be turned: others kept writing." });
  }

  #count(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      if (decision.kind !== "apply" && decision.kind !== "revert") continue;
      this.#changes += 1;
      if (decision.kind === "revert") this.#reverts.set(decision.cause, (this.#reverts.get(decision.cause) ?? 0) + 1);
    }
  }
}

function offDecisions({ subject, revision, state }: StoredControl, { by, reason }: SwitchWish): DecidedSubject[] {
  const decisions = stopLevers(state, reason);
  const known = { facts: undefined, control: undefined, actor: by };
  return decisions.length === 0 ? [] : [{ subject, was: revision, state, decisions, ...known }];
}

function changeOf({ stop, by, reason }: SwitchWish): AuditedChange {
  const [before, after] = stop ? ["running", "stopped"] : ["stopped", "running"];
  return { actor: by, action: stop ? "controls.stop" : "controls.resume", target: "controls", reason, before, after };
}
