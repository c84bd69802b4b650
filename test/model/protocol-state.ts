/** How large a world is explored. Money is in whole units; a call takes one hold on all of its accounts. */
export interface Bounds {
  readonly processes: number;
  /** By account: the first is the parent of the others. */
  readonly limits: readonly number[];
  readonly calls: readonly {
    readonly accounts: readonly number[];
    readonly hold: number;
    readonly cost: number;
    /** The ways it may end, besides never. */
    readonly ends: readonly ("settle" | "release" | "doubt")[];
  }[];
  /** Kills, pauses, cuts and restarts of the store, all together. */
  readonly faults: number;
}

/** An account as the store has it. */
export interface Balance {
  spent: number;
  leased: number;
  doubt: number;
}

/** A request under way to the store. `unheard` and `again`: the store has carried it out, the process does not know. */
export interface Request {
  kind: "lease" | "settle" | "give back";
  call: number;
  amounts: number[];
  phase: "sent" | "unheard" | "again";
  /** A return that was begun after the recall was seen; one begun before it leaves it open. */
  answersRecall: boolean;
}

/** One life of a process under one number. The store's columns first, then what is in the journal, then what is in memory. */
export interface Epoch {
  readonly process: number;
  /** In the store: `expired` leases are in doubt as one sum per account; `closed` ones have been put right. */
  status: "alive" | "expired" | "closed";
  /** In the store, by account: what it leases. */
  leased: number[];
  /** In the store, by account: what of its expired lease nobody has explained yet. */
  unexplained: number[];
  recalled: boolean;
  journalLost: boolean;
  /** Whether the process that bears this number runs, be it paused or cut off. */
  inMemory: boolean;
  /** In memory: what it takes itself to lease. */
  granted: number[];
  knowsItIsFenced: boolean;
  request: Request | undefined;
  /** For the law on refusals: what has lain idle since a call began to wait. */
  idleSinceRecall: number[];
}

export interface Process {
  status: "running" | "paused" | "cut off" | "dead";
  epoch: number;
}

export interface Call {
  epoch: number;
  phase: "new" | "sent" | "ended" | "refused";
  kind: "open" | "settle" | "release" | "doubt";
  waits: boolean;
  /** In memory: what is held for it. */
  held: number;
  /** In memory: the store has acknowledged its ending. */
  acknowledged: boolean;
  holdJournalled: boolean;
  endJournalled: boolean;
  told: boolean;
  /** In the store: the entry of its end, or of its doubt, which is unique by its hold. */
  entered: boolean;
  /** In the store: how often its cost was counted as spent, be it under its own name or in a sum that an operator gave. */
  booked: number;
  /** In the store: its hold is in doubt under its own name. */
  inDoubt: boolean;
}

export interface State {
  faultsLeft: number;
  /** Laws that a step broke, for those that a state alone does not show. */
  broken: "" | "no phantom denial" | "the healthy are left alone";
  accounts: Balance[];
  epochs: Epoch[];
  processes: Process[];
  calls: Call[];
}

export function startOf(bounds: Bounds): State {
  const { limits, calls, processes, faults } = bounds;
  return {
    faultsLeft: faults,
    broken: "",
    accounts: limits.map(() => ({ spent: 0, leased: 0, doubt: 0 })),
    epochs: Array.from({ length: processes }, (_, process) => newEpoch(process, bounds)),
    processes: Array.from({ length: processes }, (_, epoch) => ({ status: "running", epoch })),
    calls: calls.map(() => ({
      epoch: -1,
      phase: "new",
      kind: "open",
      waits: false,
      held: 0,
      acknowledged: false,
      holdJournalled: false,
      endJournalled: false,
      told: false,
      entered: false,
      booked: 0,
      inDoubt: false,
    })),
  };
}

export function newEpoch(process: number, { limits }: Bounds): Epoch {
  const nothing = () => limits.map(() => 0);
  return {
    process,
    status: "alive",
    leased: nothing(),
    unexplained: nothing(),
    recalled: false,
    journalLost: false,
    inMemory: true,
    granted: nothing(),
    knowsItIsFenced: false,
    request: undefined,
    idleSinceRecall: nothing(),
  };
}

export function copyOf(state: State): State {
  return {
    ...state,
    accounts: state.accounts.map((account) => ({ ...account })),
    epochs: state.epochs.map((epoch) => ({
      ...epoch,
      leased: epoch.leased.slice(),
      unexplained: epoch.unexplained.slice(),
      granted: epoch.granted.slice(),
      idleSinceRecall: epoch.idleSinceRecall.slice(),
      request: epoch.request && { ...epoch.request },
    })),
    processes: state.processes.map((process) => ({ ...process })),
    calls: state.calls.map((call) => ({ ...call })),
  };
}

const BROKEN = ["", "no phantom denial", "the healthy are left alone"];
const EPOCH_STATUS = ["alive", "expired", "closed"];
const REQUEST_KIND = ["lease", "settle", "give back"];
const REQUEST_PHASE = ["sent", "unheard", "again"];
const PROCESS_STATUS = ["running", "paused", "cut off", "dead"];
const CALL_PHASE = ["new", "sent", "ended", "refused"];
const CALL_KIND = ["open", "settle", "release", "doubt"];

/** The state as a string. States that differ only in which process is which have the same one. */
export function keyOf(state: State): string {
  let least: string | undefined;
  for (const order of ordersOf(state.processes.length)) {
    const key = keyInOrder(state, order);
    if (least === undefined || key < least) least = key;
  }
  return least!;
}

function keyInOrder(state: State, order: readonly number[]): string {
  const codes: number[] = [state.faultsLeft, BROKEN.indexOf(state.broken)];
  for (const { spent, leased, doubt } of state.accounts) codes.push(spent, leased, doubt);
  const ranks: number[] = state.epochs.map(() => -1);
  let rank = 0;
  for (const process of order) {
    codes.push(PROCESS_STATUS.indexOf(state.processes[process]!.status));
    state.epochs.forEach((epoch, index) => {
      if (epoch.process !== process) return;
      ranks[index] = rank++;
      pushEpoch(codes, epoch);
    });
    codes.push(ranks[state.processes[process]!.epoch]!);
  }
  for (const call of state.calls) {
    const flags = [call.waits, call.acknowledged, call.holdJournalled, call.endJournalled, call.told, call.inDoubt, call.entered];
    const place = CALL_PHASE.indexOf(call.phase) + 4 * CALL_KIND.indexOf(call.kind);
    codes.push(call.epoch < 0 ? -1 : ranks[call.epoch]!, place, call.held, call.booked, bits(flags));
  }
  // Balances of a broken protocol may fall below zero.
  for (let index = 0; index < codes.length; index++) codes[index]! += 64;
  return String.fromCharCode(...codes);
}

function pushEpoch(codes: number[], epoch: Epoch): void {
  const { request } = epoch;
  const flags = [epoch.recalled, epoch.journalLost, epoch.inMemory, epoch.knowsItIsFenced];
  codes.push(EPOCH_STATUS.indexOf(epoch.status), bits(flags));
  codes.push(...epoch.leased, ...epoch.unexplained, ...epoch.granted, ...epoch.idleSinceRecall);
  if (!request) codes.push(0);
  else {
    const place = REQUEST_PHASE.indexOf(request.phase) + (request.answersRecall ? 4 : 0);
    codes.push(1 + REQUEST_KIND.indexOf(request.kind), place, request.call, ...request.amounts);
  }
}

const ORDERS = new Map<number, number[][]>();
function ordersOf(count: number): number[][] {
  const known = ORDERS.get(count);
  if (known) return known;
  const shorter = count <= 1 ? [[]] : ordersOf(count - 1);
  const orders = shorter.flatMap((order) => Array.from({ length: count }, (_, place) => order.toSpliced(place, 0, count - 1)));
  ORDERS.set(count, orders);
  return orders;
}

function bits(flags: readonly boolean[]): number {
  let sum = 0;
  for (let index = 0; index < flags.length; index++) if (flags[index]) sum |= 1 << index;
  return sum;
}
