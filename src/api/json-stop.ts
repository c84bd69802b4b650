/** A place in JSON text, such as where it stops being JSON: what V8's own message often leaves out. */
export interface JsonStop {
  /** In UTF-16 units from 0; the length of the text when it ends too early. */
  readonly offset: number;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
/** What a string may hold: anything from the space on, but quotes and backslashes only as escapes. */
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/** @returns undefined when the text is valid JSON */
export function findJsonStop(text: string): JsonStop | undefined {
  const offset = stopOffset(text);
  return offset === undefined ? undefined : placeIn(text, offset);
}

export function placeIn(text: string, offset: number): JsonStop {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { offset, line: before.split("\n").length, column: offset - lineStart + 1 };
}

/** Walks the text with an explicit stack, so that deep nesting cannot exhaust the call stack. */
function stopOffset(text: string): number | undefined {
  const open: ("{" | "[")[] = [];
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const takeKey = (): boolean => {
    take(SPACE);
    if (!take(STRING)) return false;
    take(SPACE);
    if (text[at] !== ":") return false;
    at++;
    return true;
  };
  for (;;) {
    take(SPACE);
    const first = text[at];
    if (first === "{" || first === "[") {
      at++;
      take(SPACE);
      if (text[at] !== (first === "{" ? "}" : "]")) {
        open.push(first);
        if (first === "{" && !takeKey()) return at;
        continue;
      }
      at++;
    } else if (!take(STRING) && !take(NUMBER) && !take(WORD)) return at;
    // A value has ended: close what closes, or go on after a comma.
    for (;;) {
      take(SPACE);
      const outer = open.at(-1);
      if (outer === undefined) return at === text.length ? undefined : at;
      const sign = text[at];
      if (sign === ",") {
        at++;
        if (outer === "{" && !takeKey()) return at;
        break;
      }
      if (sign !== (outer === "{" ? "}" : "]")) return at;
      at++;
      open.pop();
    }
  }
}
