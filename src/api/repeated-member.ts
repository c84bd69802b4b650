import { type JsonStop, placeIn } from "./json-stop.ts";

export interface RepeatedMember extends JsonStop {
  /** JSON pointer of the member. */
  readonly field: string;
}

/** A string, or one of the signs that open, part and close; numbers and words between them do not matter here. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

interface Level {
  /** Undefined in a list. */
  readonly names: Set<string> | undefined;
  /** The member or the place in the list that is being read. */
  step: string | number;
}

/**
 * The first member, at any depth, whose object has one of that name already: readers disagree about which one counts, so a limit or a cost
 * could mean one amount to a proxy that logs it and another one here.
 * @param text valid JSON (JSON.parse has accepted it)
 * @returns where the second one begins; undefined when there is none
 */
export function findRepeatedMember(text: string): RepeatedMember | undefined {
  const open: Level[] = [];
  let previous = "";
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const level = open.at(-1);
    if (token === "{") open.push({ names: new Set(), step: "" });
    else if (token === "[") open.push({ names: undefined, step: 0 });
    else if (token === "}" || token === "]") open.pop();
    else if (token === "," && typeof level?.step === "number") level.step += 1;
    else if (level?.names && (previous === "{" || previous === ",")) {
      const name = JSON.parse(token) as string;
      level.step = name;
      if (level.names.has(name)) return { ...placeIn(text, index), field: pointerTo(open) };
      level.names.add(name);
    }
    previous = token;
  }
  return undefined;
}

/** A body can be made of names and depth alone, and an answer must not grow with it. */
const LONGEST_POINTER = 200;

function pointerTo(open: readonly Level[]): string {
  const pointer = open.map(({ step }) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return pointer.length > LONGEST_POINTER ? `${pointer.slice(0, LONGEST_POINTER)}…` : pointer;
}
