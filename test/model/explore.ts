import { ACTIONS, tidyUp } from "./lease-protocol.ts";
import type { World } from "./protocol-action.ts";
import type { Guard, Law } from "./protocol-guards.ts";
import { booksAgree, brokenLaw, isQuiet } from "./protocol-laws.ts";
import { type Bounds, copyOf, keyOf, type State, startOf } from "./protocol-state.ts";

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  /** Steps of the longest shortest way from the start. */
  readonly depth: number;
  readonly seconds: number;
  /** False when the bound on states came first. */
  readonly complete: boolean;
  readonly counterexample?: Counterexample;
  /** Actions that were possible somewhere: a protocol in which one never is has been written down wrongly. */
  readonly actionsSeen: ReadonlySet<string>;
}

export interface Counterexample {
  readonly law: Law;
  /** One of the shortest ways there, in words. */
  readonly trace: readonly string[];
}

/** What fits into 4 GB. */
const MOST_STATES = 3_000_000;

interface Options {
  /** The guard to take out. */
  readonly without?: Guard | undefined;
  /** A law to look past, for what else happens without the guard. */
  readonly ignoring?: Law;
  readonly mostStates?: number;
}

/** Visits every state that can be reached, in order of distance from the start, and stops at the first that breaks a law. */
export function explore(bounds: Bounds, { without, ignoring, mostStates = MOST_STATES }: Options = {}): Exploration {
  const startedAt = performance.now();
  const keeps = (guard: Guard) => guard !== without;
  const graph = new Graph();
  const actionsSeen = new Set<string>();
  let frontier = [graph.add(startOf(bounds))!];
  let depth = 0;
  const report = (complete: boolean, found?: { law: Law; at: number }): Exploration => {
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    const counted = { states: graph.size, steps: graph.steps, depth, seconds, complete, actionsSeen };
    return found
      ? { ...counted, counterexample: { law: found.law, trace: inWords(graph.wayTo(found.at), found.law, { bounds, keeps }) } }
      : counted;
  };
  while (frontier.length > 0) {
    const next: Node[] = [];
    // States that have been gone on from are let go of: they are what takes the memory.
    for (let node = frontier.pop(); node; node = frontier.pop()) {
      for (const { state, action, first, second } of stepsFrom({ state: node.state, bounds, keeps })) {
        const { name, kind } = ACTIONS[action]!;
        actionsSeen.add(name);
        const added = graph.add(state, { before: node.number, action, first, second, byItself: kind === "step" });
        if (!added) continue;
        const law = brokenLaw(state, bounds, ignoring) ?? (without || booksAgree(state, bounds) ? undefined : "the books agree");
        if (law) return report(false, { law, at: added.number });
        next.push(added);
      }
      if (graph.size > mostStates) return report(false);
    }
    if (next.length > 0) depth += 1;
    frontier = next.reverse();
  }
  const stuck = graph.firstStuck();
  return report(true, stuck === undefined ? undefined : { law: "nothing is stuck", at: stuck });
}

function* stepsFrom(before: World) {
  const { state } = before;
  const count = { process: state.processes.length, epoch: state.epochs.length, call: state.calls.length };
  for (let action = 0; action < ACTIONS.length; action++) {
    const { subjects, may } = ACTIONS[action]!;
    const firsts = subjects[0] ? count[subjects[0]] : 1;
    const seconds = subjects[1] ? count[subjects[1]] : 1;
    for (let first = 0; first < firsts; first++) {
      for (let second = 0; second < seconds; second++) {
        if (may(before, first, second)) yield { state: after(before, { action, first, second }), action, first, second };
      }
    }
  }
}

interface Choice {
  readonly action: number;
  readonly first: number;
  readonly second: number;
}

function after({ state, bounds, keeps }: World, { action, first, second }: Choice): State {
  const world = { state: copyOf(state), bounds, keeps };
  ACTIONS[action]!.effect(world, first, second);
  tidyUp(world);
  return world.state;
}

/** Goes the way again, since only its choices were kept. */
function inWords(choices: readonly Choice[], law: Law, { bounds, keeps }: Omit<World, "state">): string[] {
  let state = startOf(bounds);
  const words: string[] = [];
  for (const choice of choices) {
    const world = { state, bounds, keeps };
    words.push(ACTIONS[choice.action]!.says(world, choice.first, choice.second));
    state = after(world, choice);
  }
  return law === "nothing is stuck" ? [...words, "from here nothing leads to rest"] : words;
}

interface Node {
  readonly number: number;
  readonly state: State;
}

/** Which states there are, how each was first reached, and from which ones everything can come to rest. */
class Graph {
  readonly #numbers = new Map<string, number>();
  readonly #before: number[] = [];
  readonly #choices: number[] = [];
  /** Steps that need neither a fault nor an operator, as pairs. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #quiet: number[] = [];
  steps = 0;

  get size(): number {
    return this.#before.length;
  }

  /** @returns nothing for a state that was there before */
  add(state: State, way?: Choice & { before: number; byItself: boolean }): Node | undefined {
    const key = keyOf(state);
    const known = this.#numbers.get(key);
    const number = known ?? this.size;
    if (way) this.steps += 1;
    if (way?.byItself) {
      this.#from.push(way.before);
      this.#to.push(number);
    }
    if (known !== undefined) return undefined;
    this.#numbers.set(key, number);
    this.#before.push(way?.before ?? -1);
    this.#choices.push(way ? (way.action * 32 + way.first) * 32 + way.second : 0);
    if (isQuiet(state)) this.#quiet.push(number);
    return { number, state };
  }

  wayTo(end: number): Choice[] {
    const way: Choice[] = [];
    for (let at = end; this.#before[at]! >= 0; at = this.#before[at]!) {
      const choice = this.#choices[at]!;
      way.push({ action: choice >> 10, first: (choice >> 5) & 31, second: choice & 31 });
    }
    return way.reverse();
  }

  /** @returns the first state from which no state of rest can be reached */
  firstStuck(): number | undefined {
    const starts = new Int32Array(this.size + 1);
    for (const to of this.#to) starts[to + 1]! += 1;
    for (let index = 0; index < this.size; index++) starts[index + 1]! += starts[index]!;
    const sources = new Int32Array(this.#to.length);
    const filled = starts.slice();
    this.#to.forEach((to, edge) => {
      sources[filled[to]!++] = this.#from[edge]!;
    });
    const comesToRest = new Uint8Array(this.size);
    const queue = this.#quiet.slice();
    for (const number of queue) comesToRest[number] = 1;
    for (let number = queue.pop(); number !== undefined; number = queue.pop()) {
      for (let edge = starts[number]!; edge < starts[number + 1]!; edge++) {
        const source = sources[edge]!;
        if (comesToRest[source]) continue;
        comesToRest[source] = 1;
        queue.push(source);
      }
    }
    const stuck = comesToRest.indexOf(0);
    return stuck < 0 ? undefined : stuck;
  }
}
