import { hearAnswer, learnOfFence, register } from "./process-actions.ts";
import { type Action, callName, consumed, idle, nothing, processName, reachesStore, requestWords, type World } from "./protocol-action.ts";
import type { Epoch, State } from "./protocol-state.ts";

/** What the store does, one transaction each. */
export const STORE_ACTIONS: readonly Action[] = [
  {
    name: "carry out a request",
    kind: "step",
    subjects: ["epoch"],
    says: ({ state }, epoch) => `the store carries out ${requestWords(state.epochs[epoch]!)}`,
    may: ({ state }, epoch) => isToCarryOut(state.epochs[epoch]!),
    effect: (world, epoch) => {
      // A paused process finds the answer when it resumes.
      carryOut(world, epoch, world.state.processes[world.state.epochs[epoch]!.process]!.status !== "cut off");
    },
  },
  {
    name: "expire",
    kind: "step",
    subjects: ["epoch"],
    says: ({ state }, epoch) => `the lease of ${processName(state.epochs[epoch]!.process)} expires`,
    may: (world, index) => {
      const epoch = world.state.epochs[index]!;
      if (epoch.status !== "alive") return false;
      return !reachesStore(world, epoch) || (!world.keeps("expiry by the store's clock") && world.state.faultsLeft > 0);
    },
    effect: (world, index) => {
      const epoch = world.state.epochs[index]!;
      if (reachesStore(world, epoch)) {
        // Some other clock has jumped, which is a fault like any other.
        world.state.faultsLeft -= 1;
        world.state.broken = "the healthy are left alone";
      }
      expire(world, epoch);
    },
  },
  {
    name: "recover from the journal",
    kind: "step",
    subjects: ["epoch"],
    says: ({ state }, index) => {
      const { process, inMemory, knowsItIsFenced } = state.epochs[index]!;
      const own = inMemory && knowsItIsFenced ? `${processName(process)} recovers its own journal` : undefined;
      const by = inMemory ? " by somebody else" : "";
      return `${own ?? `the journal of ${processName(process)} is recovered${by}`}, and the rest of its lease is free`;
    },
    may: (world, index) => {
      const epoch = world.state.epochs[index]!;
      const atJournal = !epoch.inMemory || epoch.knowsItIsFenced;
      const actor = world.state.processes.findIndex(({ status }) => status === "running");
      // The journal is a file of the process's machine; only in a broken protocol does anybody else read it.
      const mayRead = world.keeps("one at the journal")
        ? atJournal && world.state.processes[epoch.process]!.status === "running"
        : actor >= 0 && (epoch.status !== "alive" || !epoch.inMemory);
      if (!mayRead || (epoch.journalLost && world.keeps("lost journal frees nothing"))) return false;
      return epoch.status !== "closed" || !world.keeps("recover once");
    },
    effect: (world, index) => {
      recover(world, index);
      const { process, inMemory, knowsItIsFenced } = world.state.epochs[index]!;
      if (inMemory && knowsItIsFenced && world.state.processes[process]!.epoch === index) register(world, process);
    },
  },
  {
    name: "book a late ending",
    kind: "step",
    subjects: ["call"],
    says: (_, call) => `the late ending of ${callName(call)} is booked out of its hold in doubt`,
    may: ({ state, keeps }, index) => {
      const call = state.calls[index]!;
      const epoch = state.epochs[call.epoch];
      const isDue = call.inDoubt || (!keeps("doubt ends once") && call.entered && call.booked === 1);
      if (epoch === undefined || epoch.status !== "closed" || epoch.journalLost) return false;
      return isDue && call.endJournalled && call.kind !== "doubt" && state.processes[epoch.process]!.status === "running";
    },
    effect: ({ state, bounds }, index) => {
      explainHold({ state, bounds }, index, state.calls[index]!.kind === "settle");
    },
  },
];

export function isToCarryOut({ request }: Epoch): boolean {
  return request?.phase === "sent" || request?.phase === "again";
}

/** One transaction: the process's row is locked and read, then the accounts in the order of their names. */
export function carryOut(world: World, index: number, isHeard: boolean): void {
  const epoch = world.state.epochs[index]!;
  const { kind, amounts, call, phase } = epoch.request!;
  const isFenced = epoch.status !== "alive" && world.keeps(`${kind} unfenced`);
  const isRepeated =
    phase === "again" && (kind === "lease" ? world.keeps("lease once") : kind === "give back" && world.keeps("give back once"));
  let short = false;
  if (!isFenced && !isRepeated) {
    if (kind === "lease") short = !lease(world, epoch);
    else if (kind === "give back") giveBack(world, epoch, amounts);
    else if (!world.state.calls[call]!.entered || !world.keeps("end once")) book(world, epoch, call);
  }
  if (isFenced && isHeard && epoch.inMemory) learnOfFence(world, epoch);
  if (isFenced || short || !epoch.inMemory) epoch.request = undefined;
  else if (isHeard) hearAnswer(world, epoch);
  else loseAnswer(world, epoch);
}

function loseAnswer({ keeps }: World, epoch: Epoch): void {
  const { request } = epoch;
  if (!request) return;
  request.phase = "unheard";
  if (request.kind !== "give back" || keeps("given back is gone")) return;
  epoch.granted = epoch.granted.map((amount, account) => amount + request.amounts[account]!);
  epoch.request = undefined;
}

/** @returns false when an account is short: then the call waits for a recall, or is refused */
function lease(world: World, epoch: Epoch): boolean {
  const { state, bounds, keeps } = world;
  const { amounts, call: index } = epoch.request!;
  const granted = nothing(world);
  const available = state.accounts.map(({ spent, leased, doubt }, account) => bounds.limits[account]! - spent - leased - doubt);
  const fits = (account: number) => !keeps("lease within the limit") || amounts[account]! <= available[account]!;
  const short = amounts.findIndex((amount, account) => amount > 0 && !fits(account));
  if (short >= 0 && keeps("lease all or none")) {
    waitOrRefuse(world, epoch, index, short, amounts[short]! - available[short]!);
    return false;
  }
  amounts.forEach((amount, account) => {
    if (!fits(account)) return;
    granted[account] = amount;
    state.accounts[account]!.leased += amount;
    epoch.leased[account]! += amount;
  });
  epoch.request!.amounts = granted;
  return true;
}

function waitOrRefuse(world: World, asking: Epoch, index: number, account: number, lacks: number): void {
  const { state, keeps } = world;
  const call = state.calls[index]!;
  if (call.phase !== "new") return;
  const others = state.epochs.filter((epoch) => epoch !== asking && epoch.status === "alive");
  if (!call.waits) {
    for (const epoch of others) {
      if (epoch.leased[account]! > 0 && keeps("recall before refusal")) epoch.recalled = true;
      // Recalls are numbered: what is under way answers those before this one.
      if (epoch.request && keeps("recall answered anew")) epoch.request.answersRecall = false;
      if (epoch.inMemory) epoch.idleSinceRecall = idle(world, epoch);
    }
  }
  call.waits = true;
  if (others.some((epoch) => epoch.recalled)) return;
  const lyingIdle = others.reduce((sum, epoch) => sum + Math.min(epoch.idleSinceRecall[account]!, idle(world, epoch)[account]!), 0);
  if (lyingIdle >= lacks) state.broken = "no phantom denial";
  call.phase = "refused";
  call.waits = false;
}

function giveBack({ state }: World, epoch: Epoch, amounts: readonly number[]): void {
  amounts.forEach((amount, account) => {
    state.accounts[account]!.leased -= amount;
    epoch.leased[account]! -= amount;
  });
  if (epoch.request!.answersRecall) epoch.recalled = false;
}

function book({ state, bounds }: World, epoch: Epoch, index: number): void {
  const call = state.calls[index]!;
  const { accounts } = bounds.calls[index]!;
  call.entered = true;
  for (const account of accounts) {
    const balance = state.accounts[account]!;
    const amount = consumed({ state, bounds }, index);
    balance.leased -= amount;
    epoch.leased[account]! -= amount;
    if (call.kind === "doubt") balance.doubt += amount;
    else balance.spent += amount;
  }
  if (call.kind === "doubt") call.inDoubt = true;
  else call.booked += 1;
}

/** The whole lease becomes in doubt, as one sum: the store does not know the holds in it. */
function expire({ state, keeps }: World, epoch: Epoch): void {
  epoch.status = "expired";
  epoch.recalled = false;
  epoch.leased.forEach((amount, account) => {
    const balance = state.accounts[account]!;
    balance.leased -= amount;
    epoch.leased[account] = 0;
    if (!keeps("expired is in doubt")) return;
    balance.doubt += amount;
    epoch.unexplained[account] = amount;
  });
}

/** Endings in the journal are booked, holds without one stay in doubt under their own names, the rest of the lease is free. */
function recover(world: World, index: number): void {
  const { state, bounds, keeps } = world;
  const epoch = state.epochs[index]!;
  if (epoch.status === "alive") expire(world, epoch);
  epoch.status = "closed";
  state.calls.forEach((call, number) => {
    const isKnown = (call.entered && keeps("end once")) || !call.holdJournalled || epoch.journalLost;
    if (call.epoch !== index || isKnown) return;
    call.entered = true;
    const { accounts, hold, cost } = bounds.calls[number]!;
    const hasEnded = call.endJournalled && call.kind !== "doubt";
    for (const account of accounts) {
      const balance = state.accounts[account]!;
      const explained = Math.min(epoch.unexplained[account]!, hasEnded ? (call.kind === "settle" ? cost : 0) : hold);
      epoch.unexplained[account]! -= explained;
      if (!hasEnded) continue;
      balance.doubt -= explained;
      if (call.kind === "settle") balance.spent += cost;
    }
    if (hasEnded) call.booked += 1;
    else call.inDoubt = true;
  });
  freeUnexplained(state, epoch);
}

export function freeUnexplained(state: State, epoch: Epoch): void {
  epoch.unexplained.forEach((amount, account) => {
    state.accounts[account]!.doubt -= amount;
    epoch.unexplained[account] = 0;
  });
}

/** Only while the hold is in doubt, and in the transaction that ends its doubt. */
export function explainHold({ state, bounds }: Pick<World, "state" | "bounds">, index: number, wasBilled: boolean): void {
  const call = state.calls[index]!;
  const { accounts, hold, cost } = bounds.calls[index]!;
  for (const account of accounts) {
    const balance = state.accounts[account]!;
    balance.doubt -= hold;
    if (wasBilled) balance.spent += cost;
  }
  call.inDoubt = false;
  call.booked += 1;
}
