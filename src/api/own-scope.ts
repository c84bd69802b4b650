import { Problem } from "../contract/problem.ts";
import type { HEADER_DIMENSIONS } from "../core/scope/scope.ts";
import type { ApiCaller } from "./api-caller.ts";

/** What a virtual key may say of whose something is. */
export type OwnDimension = (typeof HEADER_DIMENSIONS)[number];

/** What a virtual key fixes; undefined for others, who may name anything. */
export function keyValue(caller: ApiCaller, dimension: OwnDimension): string | undefined {
  return caller.kind === "key" ? caller.key.scope[dimension] : undefined;
}

/** What a key says stands, unless the key lets its holder name another. What it leaves open may be named. */
export function maySay(caller: ApiCaller, dimension: OwnDimension, said: string): boolean {
  const own = keyValue(caller, dimension);
  return caller.kind !== "key" || own === undefined || said === own || caller.key.mayName.includes(dimension);
}

/** Whose answers a key may rate: of use cases that its calls may be of. Ratings turn levers, of everybody who calls for the use case. */
export function mayRate(caller: ApiCaller, useCase: string): boolean {
  return caller.kind !== "key" || caller.key.scope.use_case === useCase || caller.key.mayName.includes("use_case");
}

/**
 * @param field where it was said, for messages
 * @returns what was said, or what the key says where nothing was
 * @throws Problem scope_not_allowed
 */
export function ownValue(caller: ApiCaller, dimension: OwnDimension, said: string | undefined, field: string): string | undefined {
  if (said === undefined || said === "") return keyValue(caller, dimension);
  if (!maySay(caller, dimension, said)) {
    throw new Problem("scope_not_allowed", { field, key: caller.kind === "key" ? caller.key.id : "" });
  }
  return said;
}
