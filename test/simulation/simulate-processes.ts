import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { accountId, type Budget } from "../../src/core/ledger/budget.ts";
import { selectorKey } from "../../src/core/scope/scope.ts";
import { windowAt } from "../../src/core/time/window.ts";
import type { Ending } from "../../src/ports/ledger-store.ts";
import { anyScope, changeOf, changeSomeBudget, resolveSomeDoubt, track } from "./operator-steps.ts";
import type { SentCall } from "./process-laws.ts";
import { LIMITS, ProcessWorld } from "./process-world.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { HistoryReport } from "./simulate-history.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** Longer than anything may take in a process that reaches the store. */
const MOST_TURNS = 4000;

/**
 * One seeded history of two to four processes on one ledger: calls that race for the same accounts, lost requests and answers, silence,
 * expiry and return, crashes with and without their journal, operators. Each step begins something, lets some turns pass and leaves the
 * rest under way; then the laws are checked.
 */
export async function simulateProcesses(seed: number, steps: number, folder: string): Promise<HistoryReport> {
  const dir = mkdtempSync(join(folder, "processes-"));
  const world = new ProcessWorld(new SeededRandom(seed), dir);
  try {
    return await new ProcessHistory(world).run(seed, steps);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    world.end();
    rmSync(dir, { recursive: true, force: true });
  }
}

class ProcessHistory {
  readonly #world: ProcessWorld;
  readonly #random: SeededRandom;
  #refused = 0;
  #lastId = 0;

  constructor(world: ProcessWorld) {
    this.#world = world;
    this.#random = world.random;
  }

  async run(seed: number, steps: number): Promise<HistoryReport> {
    const { processes, laws } = this.#world;
    for (const process of processes) await this.#world.start(process);
    await this.#putFirstBudgets(processes[0]!);
    for (let step = 0; step < steps; step++) {
      for (let many = this.#random.chance(0.4) ? 2 + this.#random.whole(4) : 1; many > 0; many--) await this.#begin();
      await this.#world.settle(this.#random.chance(0.6) ? 80 : this.#random.whole(30));
      laws.check();
    }
    await this.#comeToRest();
    return { seed, steps, crashes: this.#world.crashes, calls: laws.calls.length, refused: this.#refused };
  }

  async #begin(): Promise<void> {
    const process = this.#world.anyRunning();
    const chance = this.#random.next();
    if (!process || chance < 0.07) return await this.#restartOne();
    if (this.#random.chance(0.02)) process.armed = 1 + this.#random.whole(8);
    if (chance < 0.36) this.#world.launch(process, () => this.#startCall(process));
    else if (chance < 0.4) this.#startManyCalls(process);
    else if (chance < 0.64) this.#endCall();
    else if (chance < 0.68) this.#world.launch(process, () => process.desk.giveBackIdle(this.#pickWhich(), this.#world.time.storeMs));
    else if (chance < 0.7) this.#repeatEnding();
    else if (chance < 0.8) this.#disturb(process);
    else if (chance < 0.83) this.#connectSome();
    else if (chance < 0.85) process.die();
    else if (chance < 0.89) resolveSomeDoubt(this.#world, process);
    else if (chance < 0.905) this.#world.launch(process, () => changeSomeBudget(this.#world, process));
    else if (chance < 0.92 && this.#world.mayOverrun) this.#world.launch(process, () => track(this.#world, process, `t${++this.#lastId}`));
    else await this.#letTimePass();
  }

  #startManyCalls(process: SimulatedProcess): void {
    for (let many = 5; many > 0; many--) this.#world.launch(process, () => this.#startCall(process));
  }

  #connectSome(): void {
    for (const process of this.#world.processes) if (this.#random.chance(0.7)) process.connect();
  }

  async #startCall(process: SimulatedProcess): Promise<void> {
    const { laws, processes, time } = this.#world;
    const { life } = process;
    const at = time.storeMs;
    const scope = anyScope(this.#random);
    const amountNano = BigInt(this.#random.whole(this.#random.chance(0.2) ? 400 : 60));
    const costNano = this.#random.chance(0.15) ? 0n : (amountNano * BigInt(this.#random.whole(101))) / 100n;
    const holdId = `h${++this.#lastId}`;
    const budgets = [...process.catalog.matching(scope), ...process.catalog.due(scope, at)];
    const accounts = budgets.map((budget) => accountId(budget.id, windowAt(budget.window, budget.zone, at)));
    const watch = laws.watch(process, accounts, processes);
    try {
      const result = await process.desk.hold(holdId, [scope], amountNano, at);
      // Who dies before the call is sent sends none.
      if (process.dying || process.life !== life) return;
      if (result.outcome === "refused") {
        this.#refused += 1;
        laws.checkRefusal(result, amountNano, watch);
        return;
      }
      const epoch = process.epochOfHold.get(holdId)!;
      const { accounts } = result.hold;
      const call = { holdId, tenant: scope.tenant, heldNano: amountNano, costNano, accounts, process, life, epoch };
      laws.calls.push({ ...call, state: "open", kind: "doubt", lost: false });
    } finally {
      laws.endWatch(watch);
    }
  }

  #endCall(): void {
    const open = this.#openCalls();
    if (open.length > 0) this.#endOne(this.#random.pick(open));
  }

  #endOne(call: SentCall): void {
    const { process, life } = call;
    const kind = call.costNano === 0n && this.#random.chance(0.5) ? "release" : this.#random.chance(0.8) ? "settle" : "doubt";
    call.state = "ending";
    call.kind = kind;
    this.#world.launch(process, async () => {
      if (!(await process.desk.end(this.#endingOf(call)))) throw new Error(`the ending of ${call.holdId} was not written for two seconds`);
      if (!process.dying && process.life === life) call.state = "told";
    });
  }

  /** The same ending again, as it would be sent after a lost answer. */
  #repeatEnding(): void {
    const told = this.#world.laws.calls.filter(({ state, process, life }) => state === "told" && process.running && process.life === life);
    if (told.length === 0) return;
    const call = this.#random.pick(told);
    this.#world.launch(call.process, async () => {
      await call.process.desk.end(this.#endingOf(call)).catch((error: unknown) => {
        // Of a call that is long over the process may as well be told first that it was taken for dead.
        if ((error as { code?: string }).code !== "process_fenced") throw error;
      });
    });
  }

  /** Silence, deafness, a cut connection, each for some seconds: in the end others take the process for dead. */
  #disturb(process: SimulatedProcess): void {
    const untilMs = this.#world.time.steadyMs + 500 + this.#random.whole(7000);
    const chance = this.#random.next();
    if (chance < 0.4) process.cutOff();
    else if (chance < 0.8) process.silentUntilMs = untilMs;
    if (chance > 0.6) process.deafUntilMs = untilMs;
  }

  async #restartOne(): Promise<void> {
    const dead = this.#world.processes.filter(({ running }) => !running);
    if (dead.length > 0) await this.#world.start(this.#random.pick(dead));
    else await this.#letTimePass();
  }

  async #letTimePass(): Promise<void> {
    const { time } = this.#world;
    if (this.#random.chance(0.03)) time.storeAheadMs += this.#random.pick([-20_000, 20_000]);
    for (let leftMs = this.#random.whole(this.#random.chance(0.3) ? 6000 : 1500); leftMs > 0; leftMs -= 100) await this.#world.pass(100);
  }

  /** Nothing goes wrong any more, all calls end, and all that is idle is given back. */
  async #comeToRest(): Promise<void> {
    const { laws, time } = this.#world;
    this.#world.calm();
    await this.#settleAll();
    while (this.#random.chance(0.6) && this.#world.processes.some(({ running }) => !running)) await this.#restartOne();
    for (const process of this.#world.running()) if (this.#random.chance(0.5)) this.#world.launch(process, () => this.#startCall(process));
    await this.#settleAll();
    for (const call of this.#openCalls()) this.#endOne(call);
    await this.#settleAll();
    // Everybody is heard of, and comes back if need be.
    for (let turn = 0; turn < 30; turn++) await this.#world.pass(100);
    for (let turn = 0; turn < MOST_TURNS && this.#world.running().some(({ desk }) => desk.openHolds() > 0); turn++)
      await this.#world.pass(5);
    const stuck = this.#world.running().find(({ desk }) => desk.openHolds() > 0);
    if (stuck) throw new Error(`${stuck.name} is stuck with ${stuck.desk.openHolds()} calls that have ended`);
    for (const process of this.#world.running()) this.#world.launch(process, () => process.desk.giveBackIdle("all", time.storeMs));
    await this.#settleAll();
    laws.check();
    laws.checkRest(this.#world.running());
  }

  async #settleAll(): Promise<void> {
    if (!(await this.#world.settle(MOST_TURNS))) throw new Error("something is stuck: it neither succeeds nor fails");
  }

  #openCalls(): SentCall[] {
    return this.#world.laws.calls.filter(
      ({ state, process, life }) => state === "open" && process.running && !process.dying && process.life === life,
    );
  }

  #endingOf({ holdId, tenant, accounts, heldNano, costNano, kind }: SentCall): Ending {
    const amountNano = kind === "settle" ? costNano : 0n;
    const more = { inputTokens: 1, outputTokens: 1, at: this.#world.time.storeMs, trace: JSON.stringify({ trace_id: holdId }) };
    return { kind, holdId, accounts, heldNano, amountNano, tenant, ...more };
  }

  async #putFirstBudgets(process: SimulatedProcess): Promise<void> {
    for (const selector of [{ team: "t" }, { tenant: "a", model: "large" }]) {
      const at = this.#world.time.storeMs;
      const stamps = { createdAt: at, updatedAt: at, origin: "config", covers: "all" } as const;
      const budget: Budget = { ...LIMITS, ...stamps, id: selectorKey(selector), selector, limitNano: 800n };
      await process.catalog.put(budget, changeOf(budget.id));
    }
  }

  #pickWhich(): "all" | "ended_windows" {
    return this.#random.chance(0.6) ? "all" : "ended_windows";
  }
}
