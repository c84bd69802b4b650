import {
  type Action,
  callName,
  consumed,
  idle,
  isUnderWay,
  nothing,
  ownerName,
  processName,
  reachesStore,
  runs,
  type World,
} from "./protocol-action.ts";
import { type Epoch, newEpoch, type State } from "./protocol-state.ts";

/** What a process does: in memory, in its journal, and by asking the store. */
export const PROCESS_ACTIONS: readonly Action[] = [
  {
    name: "ask for a lease",
    kind: "step",
    subjects: ["process", "call"],
    says: ({ state }, process, call) => `${processName(process)} asks for a lease for ${callName(call)}${unawares(state, process)}`,
    may: (world, process, call) => {
      const epoch = currentEpoch(world, process);
      if (world.state.processes[process]!.status !== "running" || epoch.knowsItIsFenced || epoch.request) return false;
      return world.state.calls[call]!.phase === "new" && missing(world, epoch, call).some((amount) => amount > 0);
    },
    effect: (world, process, call) => {
      const epoch = currentEpoch(world, process);
      epoch.request = { kind: "lease", call, amounts: missing(world, epoch, call), phase: "sent", answersRecall: false };
    },
  },
  {
    name: "hold and send",
    kind: "step",
    subjects: ["epoch", "call"],
    says: ({ state, keeps }, epoch, call) =>
      `${processName(state.epochs[epoch]!.process)} holds for ${callName(call)}${keeps("journal before send") ? ", journals the hold" : ""} and sends it`,
    may: (world, index, call) => {
      const epoch = world.state.epochs[index]!;
      if (!runs(world, epoch) || world.state.calls[call]!.phase !== "new") return false;
      if (epoch.knowsItIsFenced && world.keeps("fenced stops first")) return false;
      if (!world.keeps("hold within the lease")) return !epoch.knowsItIsFenced;
      return missing(world, epoch, call).every((amount) => amount === 0);
    },
    effect: (world, epoch, index) => {
      const call = world.state.calls[index]!;
      Object.assign(call, { epoch, phase: "sent", waits: false, held: world.bounds.calls[index]!.hold });
      call.holdJournalled = world.keeps("journal before send");
    },
  },
  {
    name: "journal a hold late",
    kind: "step",
    subjects: ["call"],
    says: (_, call) => `the hold of ${callName(call)} is journalled`,
    may: (world, call) => !world.state.calls[call]!.holdJournalled && isUnderWay(world, world.state.calls[call]!),
    effect: ({ state }, call) => {
      state.calls[call]!.holdJournalled = true;
    },
  },
  ending("settle", (call) => `${callName(call)} ends with a known cost`),
  ending("release", (call) => `${callName(call)} fails without cost`),
  ending("doubt", (call) => `${callName(call)} ends in doubt`),
  {
    name: "journal an ending late",
    kind: "step",
    subjects: ["call"],
    says: (_, call) => `the ending of ${callName(call)} is journalled`,
    may: (world, index) => {
      const call = world.state.calls[index]!;
      return call.phase === "ended" && !call.endJournalled && isUnderWay(world, call);
    },
    effect: (world, call) => journalEnding(world, call),
  },
  {
    name: "send an ending to the store",
    kind: "step",
    subjects: ["call"],
    says: ({ state }, call) => `${ownerName(state, call)} sends the ending of ${callName(call)} to the store`,
    may: (world, index) => {
      const call = world.state.calls[index]!;
      if (call.phase !== "ended" || !call.endJournalled || call.acknowledged) return false;
      const epoch = world.state.epochs[call.epoch]!;
      return reachesStore(world, epoch) && !epoch.knowsItIsFenced && !epoch.request;
    },
    effect: (world, call) => {
      const epoch = world.state.epochs[world.state.calls[call]!.epoch]!;
      epoch.request = { kind: "settle", call, amounts: nothing(world), phase: "sent", answersRecall: false };
    },
  },
  {
    name: "give back",
    kind: "step",
    subjects: ["epoch"],
    says: ({ state }, epoch) => `${processName(state.epochs[epoch]!.process)} gives back what lies idle`,
    may: (world, index) => {
      const epoch = world.state.epochs[index]!;
      if (!reachesStore(world, epoch) || epoch.knowsItIsFenced || epoch.request) return false;
      return idle(world, epoch).some((amount) => amount > 0);
    },
    effect: (world, index) => {
      const epoch = world.state.epochs[index]!;
      const amounts = idle(world, epoch);
      epoch.granted = epoch.granted.map((amount, account) => amount - amounts[account]!);
      epoch.request = {
        kind: "give back",
        call: -1,
        amounts,
        phase: "sent",
        answersRecall: epoch.recalled || !world.keeps("recall answered anew"),
      };
    },
  },
  {
    name: "answer a recall with nothing",
    kind: "step",
    subjects: ["epoch"],
    says: ({ state }, epoch) => `${processName(state.epochs[epoch]!.process)} answers the recall: nothing lies idle`,
    may: (world, index) => {
      const epoch = world.state.epochs[index]!;
      if (!epoch.recalled || !reachesStore(world, epoch) || epoch.request) return false;
      return epoch.status === "alive" && idle(world, epoch).every((amount) => amount === 0);
    },
    effect: ({ state }, epoch) => {
      state.epochs[epoch]!.recalled = false;
    },
  },
  {
    name: "ask again",
    kind: "step",
    subjects: ["epoch"],
    says: ({ state }, epoch) => `${processName(state.epochs[epoch]!.process)} asks again, having had no answer`,
    may: (world, index) => {
      const epoch = world.state.epochs[index]!;
      return epoch.request?.phase === "unheard" && reachesStore(world, epoch);
    },
    effect: ({ state }, epoch) => {
      state.epochs[epoch]!.request!.phase = "again";
    },
  },
  {
    name: "learn of the fence",
    kind: "step",
    subjects: ["epoch"],
    says: ({ state }, epoch) => `${processName(state.epochs[epoch]!.process)} learns that it is fenced`,
    may: (world, index) => {
      const epoch = world.state.epochs[index]!;
      return epoch.status !== "alive" && !epoch.knowsItIsFenced && reachesStore(world, epoch);
    },
    effect: (world, epoch) => learnOfFence(world, world.state.epochs[epoch]!),
  },
];

function unawares(state: State, process: number): string {
  return state.epochs[state.processes[process]!.epoch]!.status === "alive" ? "" : ", not knowing that it is fenced";
}

/** A call's end as its process comes to know it: journalled and told in one step, unless a guard between them is gone. */
function ending(kind: "settle" | "release" | "doubt", words: (call: number) => string): Action {
  const breaks = ({ keeps }: World) => [!keeps("journal before answer"), !keeps("rest free after journal")] as const;
  return {
    name: `end: ${kind}`,
    kind: "step",
    subjects: ["call"],
    says: (world, call) => {
      const [toldFirst, freedFirst] = breaks(world);
      if (toldFirst) return `${words(call)}, and its caller is told`;
      return freedFirst ? `${words(call)}, and what it did not use is free` : `${words(call)}: journalled, and its caller told`;
    },
    may: (world, index) => {
      const call = world.state.calls[index]!;
      return call.phase === "sent" && world.bounds.calls[index]!.ends.includes(kind) && isUnderWay(world, call);
    },
    effect: (world, index) => {
      const call = world.state.calls[index]!;
      call.phase = "ended";
      call.kind = kind;
      const [toldFirst, freedFirst] = breaks(world);
      if (toldFirst) call.told = true;
      if (freedFirst) call.held = heldAfterEnding(world, index);
      if (!toldFirst && !freedFirst) journalEnding(world, index);
    },
  };
}

function currentEpoch({ state }: World, process: number): Epoch {
  return state.epochs[state.processes[process]!.epoch]!;
}

/** By account: what the process's lease lacks to hold for the call. */
function missing(world: World, epoch: Epoch, call: number): number[] {
  const free = idle(world, epoch);
  const { accounts, hold } = world.bounds.calls[call]!;
  return free.map((amount, account) => (accounts.includes(account) && amount < hold ? hold - Math.max(0, amount) : 0));
}

function heldAfterEnding({ state, bounds, keeps }: World, index: number): number {
  const { kind } = state.calls[index]!;
  if (kind === "release" || !keeps("cost held until booked")) return 0;
  return kind === "settle" ? bounds.calls[index]!.cost : bounds.calls[index]!.hold;
}

function journalEnding(world: World, index: number): void {
  const call = world.state.calls[index]!;
  call.endJournalled = true;
  call.told = true;
  call.held = heldAfterEnding(world, index);
}

export function hearAnswer(world: World, epoch: Epoch): void {
  const { kind, call: index, amounts } = epoch.request!;
  epoch.request = undefined;
  if (epoch.knowsItIsFenced) return;
  if (kind === "lease") epoch.granted = epoch.granted.map((amount, account) => amount + amounts[account]!);
  if (kind !== "settle") return;
  const call = world.state.calls[index]!;
  for (const account of world.bounds.calls[index]!.accounts) epoch.granted[account]! -= consumed(world, index);
  call.held = 0;
  call.acknowledged = true;
}

export function learnOfFence(world: World, epoch: Epoch): void {
  epoch.knowsItIsFenced = true;
  epoch.recalled = false;
  if (!world.keeps("fenced stops first")) return;
  epoch.granted = nothing(world);
  for (const call of world.state.calls) if (world.state.epochs[call.epoch] === epoch) call.held = 0;
}

export function register({ state, bounds }: World, process: number): void {
  state.processes[process]!.epoch = state.epochs.push(newEpoch(process, bounds)) - 1;
}
