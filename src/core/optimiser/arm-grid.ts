import { LEVERS } from "../levers/lever-list.ts";
import { type LeverStates, leverState } from "../levers/lever-state.ts";

/** The levers that the optimiser may move, and the values it tries: from off towards the cheaper side, one step of the engine apart. */
export const ARM_GRID = {
  small_model_share: [LEVERS.small_model_share.off, 25, 50, 75],
  cache_aggressiveness: [LEVERS.cache_aggressiveness.off, 1, 2, 3],
  response_cap_tokens: [LEVERS.response_cap_tokens.off, 700, 350],
  prompt_compression: [LEVERS.prompt_compression.off, 1],
  batch_deferral: [LEVERS.batch_deferral.off, 1],
} as const satisfies Partial<Record<keyof typeof LEVERS, readonly number[]>>;

export type ArmLever = keyof typeof ARM_GRID;
export const ARM_LEVERS = Object.keys(ARM_GRID) as ArmLever[];

/** What a policy asks of the optimiser. */
export interface OptimiseSettings {
  readonly levers: readonly ArmLever[];
  readonly objective: "net_cost";
  /** The share of the trials, 0 to 1, that try something at random instead of what looks cheapest. */
  readonly explore: number;
}

/** A place in the grid of each lever of the settings: 0 is off. Plain data. */
export type Arm = Readonly<Partial<Record<ArmLever, number>>>;

/** "small_model_share=50 cache_aggressiveness=1", in the order of the grid; "off" where nothing is turned. */
export function armKey(arm: Arm): string {
  const parts = ARM_LEVERS.flatMap((lever) => (placeOf(arm, lever) === 0 ? [] : [`${lever}=${ARM_GRID[lever][placeOf(arm, lever)]}`]));
  return parts.join(" ") || "off";
}

export function placeOf(arm: Arm, lever: ArmLever): number {
  return arm[lever] ?? 0;
}

export function armValue(arm: Arm, lever: ArmLever): number {
  return ARM_GRID[lever][placeOf(arm, lever)]!;
}

export function allArms({ levers }: OptimiseSettings): Arm[] {
  return levers.reduce<Arm[]>(
    (arms, lever) => arms.flatMap((arm) => ARM_GRID[lever].map((_, place) => ({ ...arm, [lever]: place }))),
    [{}],
  );
}

/** Where the levers stand; a value between two places counts as the dearer of them. */
export function armInForce({ levers }: OptimiseSettings, states: LeverStates): Arm {
  return Object.fromEntries(levers.map((lever) => [lever, placeAt(lever, leverState(states, lever).value)]));
}

export function placeAt(lever: ArmLever, value: number): number {
  const isUp = LEVERS[lever].cheaper === "up";
  return Math.max(
    0,
    ARM_GRID[lever].findLastIndex((one) => (isUp ? one <= value : one >= value)),
  );
}

/** Whether the one is turned at least as far as the other on every lever. */
export function isAtLeastAsCheap(one: Arm, other: Arm): boolean {
  return ARM_LEVERS.every((lever) => placeOf(one, lever) >= placeOf(other, lever));
}
