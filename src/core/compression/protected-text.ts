/** One line of a text, and whether it is prose that may be said in fewer words. */
export interface TextLine {
  readonly text: string;
  readonly isProse: boolean;
}

const FENCE = /^[ \t]*(```+|~~~+)/;
const TAG = /<([A-Za-z][\w.:-]*)(?:\s[^<>]*)?>/;
/** Tables, quotations, headings, indented code, markup and data by their first letter, code by its last. */
const VERBATIM_LINE = /\||^[ \t]*>|^#|^(?: {4}|\t)|^[ \t]*[{}[\]<"]|[{};\\][ \t]*$/;
/** Columns that are set with spaces. */
const COLUMNS = /\S {3,}\S.*\S {3,}\S/;
const LONGEST_ROW = 240;
/** Texts that look like data and do not end are looked through so often, and no more: each look is as long as the text. */
const MOST_OPEN_LOOKS = 20;

/** The lines of a text. Fences, JSON and elements of markup are kept whole, however many lines they have. */
export function linesOf(text: string): TextLine[] {
  const lines: TextLine[] = [];
  let openLooks = 0;
  for (let at = 0; at <= text.length; ) {
    const lineEnd = endOfLine(text, at);
    const line = text.slice(at, lineEnd);
    let blockEnd: number | undefined;
    if (FENCE.test(line)) blockEnd = endOfFence(text, lineEnd, FENCE.exec(line)![1]!);
    else if (openLooks < MOST_OPEN_LOOKS) {
      const found = endOfData(text, at, line) ?? endOfElement(text, at, line);
      if (found === "open") openLooks++;
      else blockEnd = found;
    }
    const end = blockEnd === undefined ? lineEnd : Math.max(lineEnd, endOfLine(text, blockEnd));
    const whole = text.slice(at, end);
    lines.push({ text: whole, isProse: end === lineEnd && blockEnd === undefined && !isVerbatim(whole) });
    at = end + 1;
  }
  return lines;
}

function isVerbatim(line: string): boolean {
  return VERBATIM_LINE.test(line) || (line.length <= LONGEST_ROW && COLUMNS.test(line));
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** A fence that nobody closes goes to the end. */
function endOfFence(text: string, from: number, mark: string): number {
  for (let at = from + 1; at < text.length; at = endOfLine(text, at) + 1) {
    const line = text.slice(at, endOfLine(text, at)).trim();
    if (line.startsWith(mark) && line.replaceAll(mark[0]!, "") === "") return endOfLine(text, at);
  }
  return text.length;
}

/** @returns where the brackets that the line begins with are closed; "open" where they never are */
function endOfData(text: string, from: number, line: string): number | "open" | undefined {
  const first = line.search(/\S/);
  if (first < 0 || (line[first] !== "{" && line[first] !== "[")) return undefined;
  let depth = 0;
  let inString = false;
  for (let at = from + first; at < text.length; at++) {
    const letter = text[at];
    if (inString) {
      if (letter === "\\") at++;
      else if (letter === '"' || letter === "\n") inString = false;
    } else if (letter === '"') inString = true;
    else if (letter === "{" || letter === "[") depth++;
    else if (letter === "}" || letter === "]") {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return "open";
}

/** @returns where the first element that begins in the line ends; "open" where its end tag is missing */
function endOfElement(text: string, from: number, line: string): number | "open" | undefined {
  const tag = TAG.exec(line);
  if (!tag || tag[0].endsWith("/>")) return undefined;
  const name = tag[1]!;
  const ends = new RegExp(`<(/?)${RegExp.escape(name)}(?=[\\s>/])[^<>]*>`, "g");
  ends.lastIndex = from + tag.index;
  let depth = 0;
  for (let found = ends.exec(text); found; found = ends.exec(text)) {
    if (found[1] === "/") depth--;
    else if (!found[0].endsWith("/>")) depth++;
    if (depth <= 0) return found.index + found[0].length;
  }
  return "open";
}

/**
 * Within a line of prose: inline code, quotations, formulas, and every word with a digit or a sign in it, such as a number, a date, an address, a
 * path, a name of a variable or a tag. A quotation may hold one more; no alternative looks beyond the next sign of its own kind that opens,
 * or a line of nothing but such signs would take the square of its length.
 */
const PROTECTED_SPAN =
  /``[^\n]*?``|`[^`\n]*`|"[^"\n]*"|\u201c(?:[^\u201c\u201d\n]|\u201c[^\u201c\u201d\n]*\u201d)*\u201d|\u00ab(?:[^\u00ab\u00bb\n]|\u00ab[^\u00ab\u00bb\n]*\u00bb)*\u00bb|(?<=^|[\s(])'[^'\n]+'(?=[\s.,;:!?)]|$)|\$[^$\n]+\$|<[^<>\n]*>/g;
const WORD = /\S+/g;
const SIGN = /[\d_=/\\@#$%^*~<>{}[\]|+&\ue000]/;

const OPEN = "\ue000";
const CLOSE = "\ue001";
const MASKED = /\ue000(\d+)\ue001/g;

/** Whether a text holds the letters that stand for protected spans while others are changed. No written language has them. */
export function canBeMasked(text: string): boolean {
  return !text.includes(OPEN) && !text.includes(CLOSE);
}

/** A line with what is protected masked, and what was masked, in its order. */
function maskProse(line: string): { masked: string; kept: string[] } {
  const spans: string[] = [];
  const spaced = line.replace(PROTECTED_SPAN, (span) => `${OPEN}${spans.push(span) - 1}${CLOSE}`);
  const kept: string[] = [];
  // A word with a sign in it is kept whole, and so is one that holds a span.
  const masked = spaced.replace(WORD, (word) => (SIGN.test(word) ? `${OPEN}${kept.push(unmask(word, spans)) - 1}${CLOSE}` : word));
  return { masked, kept };
}

/** Changes a line of prose around its protected spans. */
export function changeProse(line: string, change: (masked: string) => string): string {
  const { masked, kept } = maskProse(line);
  return unmask(change(masked), kept);
}

function unmask(text: string, kept: readonly string[]): string {
  return text.replace(MASKED, (_, place: string) => kept[Number(place)]!);
}

/** Every protected span of a text, as it stands: for who wants to see that nothing of it was lost. */
export function protectedSpans(text: string): string[] {
  return linesOf(text).flatMap(({ text: line, isProse }) => {
    if (!isProse) return line.trim() === "" ? [] : [line];
    return maskProse(line).kept;
  });
}
