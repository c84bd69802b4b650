/**
 * The members of a usage object that are known: a tree in which a leaf, with all that lies in it, is read or says nothing that is billed.
 * What is not in it may be billed, and nobody knows for how much.
 */
export interface UsageKeys {
  readonly [member: string]: UsageKeys | true;
}

/** @param paths members separated by full stops; of a list its elements are meant, and "cost" covers all that lies in it */
export function usageKeys(...paths: readonly (readonly string[])[]): UsageKeys {
  const root = emptyKeys();
  for (const path of paths.flat()) {
    const names = path.split(".");
    const leaf = names.pop()!;
    let at = root;
    for (const name of names) {
      const below = at[name];
      if (below === true) throw new Error(`${path} lies in a member that is known as a whole`);
      at = at[name] = (below as MutableKeys | undefined) ?? emptyKeys();
    }
    at[leaf] = true;
  }
  return root;
}

interface MutableKeys {
  [member: string]: MutableKeys | true;
}

/** Without a prototype: a provider's member may have any name. */
function emptyKeys(): MutableKeys {
  return Object.create(null) as MutableKeys;
}

/** Counts above zero that nobody reads, by their paths; a fraction is rounded up. */
export type UnknownCounts = Readonly<Record<string, number>>;

/** The first are enough to say what is the matter, and an answer must not fill a trace. */
const MOST_UNKNOWN = 8;
const LONGEST_PATH = 120;

/**
 * The numeric members of a usage object that no reader knows.
 * @param name of the object in the answer, such as "usage"
 * @returns undefined, as for nearly every answer, when there are none
 */
export function unknownCounts(name: string, fields: Record<string, unknown>, keys: UsageKeys): UnknownCounts | undefined {
  return mayHoldUnknown(fields, keys) ? findUnknown(name, fields, keys) : undefined;
}

/** A quick look, which nearly every answer passes: whether anything is there that is no number or text at a known place. */
function mayHoldUnknown(fields: Record<string, unknown>, keys: UsageKeys): boolean {
  for (const member in fields) {
    const value = fields[member];
    const known = keys[member];
    if (known === true || value === null || value === 0 || typeof value === "string" || typeof value === "boolean") continue;
    // Known members lie few levels deep, so this does not go deeper than they do.
    if (known === undefined || typeof value !== "object" || Array.isArray(value)) return true;
    if (mayHoldUnknown(value as Record<string, unknown>, known)) return true;
  }
  return false;
}

function findUnknown(name: string, fields: object, keys: UsageKeys): UnknownCounts | undefined {
  let unknown: Record<string, number> | undefined;
  const open: [string, object, UsageKeys | undefined][] = [[name, fields, keys]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, inside, known] = next;
    for (const [member, value] of Object.entries(inside)) {
      // The elements of a list are told by its own name.
      const below = Array.isArray(inside) ? known : known?.[member];
      if (below === true || value === null) continue;
      const at = Array.isArray(inside) ? path : `${path}.${member}`;
      if (typeof value === "object") open.push([at, value, below]);
      else if (typeof value === "number" && value > 0) {
        unknown ??= {};
        const told = at.slice(0, LONGEST_PATH);
        if (told in unknown || Object.keys(unknown).length < MOST_UNKNOWN) unknown[told] = asCount((unknown[told] ?? 0) + value);
      }
    }
  }
  return unknown;
}

function asCount(value: number): number {
  return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
}
