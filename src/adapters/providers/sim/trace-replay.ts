import { Problem } from "../../../contract/problem.ts";
import { englishWords } from "./sim-words.ts";

/** One call of a recorded trace. */
export interface TraceCall {
  /** Since the earliest call of the trace, to the nearest millisecond. */
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const COLUMNS = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"] as const;

/**
 * Reads a trace in the columns of Azure's LLM inference traces, in any order of columns, sorted by time.
 * @throws Problem invalid_request that names the line, counted from 1 with the header as line 1
 * @see https://github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md
 */
export function readTraceCsv(text: string): TraceCall[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const header = lines[0]!.split(",").map((name) => name.trim());
  const columns = COLUMNS.map((name) => {
    const at = header.indexOf(name);
    if (at < 0) throw badLine(1, `has no column ${name}; expected ${COLUMNS.join(",")}, found ${JSON.stringify(lines[0])}`);
    return at;
  });
  const calls: TraceCall[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    const cells = line.split(",");
    if (cells.length !== header.length) throw badLine(index + 1, `has ${cells.length} cells, but the header has ${header.length}`);
    const [time, input, output] = columns.map((at) => cells[at]!.trim()) as [string, string, string];
    calls.push({
      atMs: readTime(time, index + 1),
      inputTokens: readTokens(input, "ContextTokens", index + 1),
      outputTokens: readTokens(output, "GeneratedTokens", index + 1),
    });
  }
  calls.sort((a, b) => a.atMs - b.atMs);
  const first = calls[0]?.atMs ?? 0;
  return calls.map((call) => ({ ...call, atMs: Math.round(call.atMs - first) }));
}

/** @returns milliseconds with their fraction */
function readTime(text: string, line: number): number {
  const found = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?:Z|\+00:00)?$/.exec(text);
  const seconds = found ? Date.parse(`${found[1]}T${found[2]}Z`) : Number.NaN;
  if (Number.isNaN(seconds)) {
    throw badLine(line, `has TIMESTAMP ${JSON.stringify(text)}; expected UTC such as 2023-11-16 18:15:46.6805900`);
  }
  return seconds + Number(found![3] ?? 0) * 1000;
}

function readTokens(text: string, column: string, line: number): number {
  const tokens = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(tokens)) throw badLine(line, `has ${column} ${JSON.stringify(text)}; expected a whole number of tokens`);
  return tokens;
}

function badLine(line: number, what: string): Problem {
  return new Problem("invalid_request", { line }, { message: `Line ${line} of the trace ${what}.` });
}

/**
 * The same text for the same numbers, with exactly so many tokens by the sim's rule, some five bytes each.
 * @param start where in the endless text it begins, so that two prompts of one length can differ
 */
export function promptOfTokens(tokens: number, start = 0): string {
  return englishWords(start, 0, tokens);
}

/**
 * A user's text for one call of a trace: the sim counts exactly `inputTokens` in it and answers with exactly `outputTokens`, unless the
 * request has other texts or a lower limit. The directive itself is no token. Calls at different times have different texts, so that
 * no cache takes one for the other.
 */
export function replayPrompt(call: TraceCall): string {
  return `${promptOfTokens(call.inputTokens, call.atMs)} [[sim {"out":${call.outputTokens},"id":"trace ${call.atMs}"}]]`;
}
