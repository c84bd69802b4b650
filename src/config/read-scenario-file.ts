import { readFileSync } from "node:fs";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { Problem } from "../contract/problem.ts";
import type { Path } from "../core/scenario/document-reader.ts";
import { readScenarios } from "../core/scenario/read-scenarios.ts";
import type { PriceOf, ScenarioPlan } from "../core/scenario/scenario-plan.ts";

const MOST_FILE_BYTES = 1024 * 1024;

/** @throws Problem scenario_invalid that names everything that is wrong, with line and column */
export function readScenarioFile(file: string, priceOf: PriceOf): ScenarioPlan {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw scenarioProblem(
      file,
      [{ line: 0, column: 0, setting: "", message: code === "ENOENT" ? "there is no such file" : `${code}` }],
      error,
    );
  }
  if (bytes.length > MOST_FILE_BYTES) throw scenarioProblem(file, [{ line: 0, column: 0, setting: "", message: "is larger than 1 MiB" }]);
  return parseScenarioFile(bytes.toString("utf8"), file, priceOf);
}

/** As `readScenarioFile`, of a text that is at hand; JSON is YAML too. */
export function parseScenarioFile(text: string, file: string, priceOf: PriceOf): ScenarioPlan {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const wrong = document.errors.map((error) => ({ ...placeAt(error.pos[0]), setting: "", message: error.message.split("\n")[0]! }));
  if (wrong.length > 0) throw scenarioProblem(file, wrong);
  const offsets = new Map<string, number>();
  const reading = readScenarios(valueOfNode(document.contents, [], offsets), priceOf);
  if (reading.outcome === "read") return reading.plan;
  const findings = reading.findings.map(({ path, message }) => ({
    ...placeAt(nearestOffset(path, offsets)),
    setting: nameOf(path),
    message,
  }));
  throw scenarioProblem(file, findings);
}

/** The plain value of a node; numbers stay the text that was written, so that no digit is lost. */
function valueOfNode(node: unknown, path: Path, offsets: Map<string, number>): unknown {
  const key = JSON.stringify(path);
  const offset = (node as Node | null)?.range?.[0];
  if (offset !== undefined && !offsets.has(key)) offsets.set(key, offset);
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key: name, value }) => {
        const text = isScalar(name) ? String(name.value) : String(name);
        const place = (name as Node | null)?.range?.[0];
        if (place !== undefined) offsets.set(JSON.stringify([...path, text]), place);
        return [text, valueOfNode(value, [...path, text], offsets)];
      }),
    );
  }
  if (isSeq(node)) return node.items.map((item, index) => valueOfNode(item, [...path, index], offsets));
  // An alias is not followed: a file of a few lines could otherwise grow without end.
  if (isAlias(node)) return undefined;
  if (!isScalar(node)) return undefined;
  return typeof node.value === "number" || typeof node.value === "bigint" ? (node.source ?? String(node.value)) : (node.value ?? undefined);
}

function nearestOffset(path: Path, offsets: ReadonlyMap<string, number>): number {
  for (let length = path.length; length > 0; length--) {
    const offset = offsets.get(JSON.stringify(path.slice(0, length)));
    if (offset !== undefined) return offset;
  }
  return 0;
}

/** "scenarios[0].mix.small" */
function nameOf(path: Path): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}

interface Finding {
  readonly line: number;
  readonly column: number;
  readonly setting: string;
  readonly message: string;
}

function scenarioProblem(file: string, findings: readonly Finding[], cause?: unknown): Problem {
  const problems = [...findings]
    .sort((one, other) => one.line - other.line || one.column - other.column)
    .map((finding) => ({ file, ...finding }));
  const [first] = problems;
  const place = first && first.line > 0 ? `${file}:${first.line}:${first.column}` : file;
  const what = [first?.setting, first?.message].filter((part) => part).join(": ");
  const rest = problems.length > 1 ? ` and ${problems.length - 1} more` : "";
  return new Problem("scenario_invalid", { file, problems }, { message: `The scenario cannot be used: ${place}: ${what}${rest}.`, cause });
}
