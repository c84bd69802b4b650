import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLParseError,
  type YAMLWarning,
} from "yaml";
import type { ConfigFinding } from "./config-finding.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Environment } from "./environment.ts";
import { settingList } from "./setting-list.ts";
import { rootSetting, type SettingSchema, valueSchema, withoutNull } from "./setting-schema.ts";
import { substituteEnvironment } from "./substitute-environment.ts";
import { textFormat } from "./text-formats.ts";

export interface SettingsReading {
  /** Follows the schema where `findings` names nothing wrong. */
  readonly value: unknown;
  readonly findings: readonly ConfigFinding[];
  /** Where a setting stands, by its path. */
  readonly places: ReadonlyMap<string, Place>;
  /** Where the value of a setting begins, when that is one word or text. */
  readonly valuePlaces: ReadonlyMap<string, Place>;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Nobody writes a hundred aliases by hand, and fewer cannot blow up. */
const MOST_ALIASES = 100;

/**
 * Reads settings from YAML 1.2 text, fills in defaults and the environment, and finds everything that is wrong at once.
 * @param root what the file may say; the configuration unless given
 */
export function readSettings(text: string, env: Environment, root: SettingSchema = rootSetting): SettingsReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: "1.2", schema: "core", prettyErrors: false, logLevel: "error", lineCounter: lines });
  const reader = new SettingsReader(document, lines, env, root);
  const isReadable = document.errors.every((error) => error.code === "DUPLICATE_KEY");
  for (const error of [...document.errors, ...document.warnings]) {
    const message = error.code === "DUPLICATE_KEY" ? "this setting is there twice" : syntaxMessage(error);
    reader.report(error.pos[0], "", message);
  }
  const value = isReadable ? reader.readRoot() : undefined;
  return { value, findings: reader.findings, places: reader.places, valuePlaces: reader.valuePlaces };
}

class SettingsReader {
  readonly findings: ConfigFinding[] = [];
  readonly places = new Map<string, Place>();
  readonly valuePlaces = new Map<string, Place>();
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #env: Environment;
  readonly #root: SettingSchema;
  #aliases = 0;

  constructor(document: Document, lines: LineCounter, env: Environment, root: SettingSchema) {
    this.#document = document;
    this.#lines = lines;
    this.#env = env;
    this.#root = root;
  }

  readRoot(): unknown {
    const { contents } = this.#document;
    // A file of comments only.
    if (contents === null || (isScalar(contents) && contents.value === null)) return this.#defaultOf(this.#root, "");
    return this.#read(contents, this.#root, "");
  }

  report(offset: number, setting: string, message: string): undefined {
    this.findings.push({ setting, ...this.#placeOf(offset), message });
  }

  /** @returns undefined when the setting is empty, or wrong, which is then reported */
  #read(given: unknown, setting: SettingSchema, path: string): unknown {
    const node = this.#resolve(given, path);
    if (node === undefined) return undefined;
    const offset = offsetOf(node);
    if (!this.places.has(path)) this.places.set(path, this.#placeOf(offset));
    const { nullable, schema } = withoutNull(setting);
    if (isScalar(node) && node.value === null) return this.#readNothing(node, nullable, schema, path);
    if (schema.type === undefined && schema.enum === undefined) return this.#readFree(node, path);
    if (schema.type === "object") {
      if (!isMap(node)) return this.report(offset, path, `expected settings, found ${shown(node, schema)}`);
      const values = valueSchema(schema);
      return values ? this.#readRecord(node, values, path) : this.#readObject(node, schema, path);
    }
    if (schema.type === "array") {
      if (!isSeq(node)) return this.report(offset, path, `expected a list, found ${shown(node, schema)}`);
      return this.#readList(node.items, schema, path, offset);
    }
    if (!isScalar(node)) return this.report(offset, path, `expected ${expectedOf(schema)}, found ${isMap(node) ? "settings" : "a list"}`);
    return this.#readScalar(node, schema, path);
  }

  #readNothing(node: Scalar, nullable: boolean, schema: SettingSchema, path: string): unknown {
    const isWritten = node.source !== undefined && node.source !== "";
    if (nullable && isWritten) return null;
    // What is left of settings or a list when all of their lines are commented out.
    if (!nullable && !isWritten && (schema.type === "object" || schema.type === "array")) return undefined;
    const advice = nullable ? "write null for none, or leave the line out for the default" : "leave the line out for the default";
    return this.report(offsetOf(node), path, isWritten ? `null is no value here; ${advice}` : `is empty; ${advice}`);
  }

  #readObject(node: YAMLMap, schema: SettingSchema, path: string): unknown {
    const properties = schema.properties ?? {};
    const pairs = new Map<string, Pair>();
    for (const pair of node.items) {
      const name = this.#keyOf(pair, path);
      if (name === undefined) continue;
      this.places.set(joined(path, name), this.#placeOf(offsetOf(pair.key)));
      if (Object.hasOwn(properties, name)) pairs.set(name, pair);
      else this.report(offsetOf(pair.key), path, `unknown setting \`${name}\`${hintFor(name, Object.keys(properties), this.#root)}`);
    }
    const entries: [string, unknown][] = [];
    for (const [name, setting] of Object.entries(properties)) {
      const inner = joined(path, name);
      const pair = pairs.get(name);
      const before = this.findings.length;
      const value = (pair && this.#read(pair.value, setting, inner)) ?? this.#valueWithout(pair, setting, inner);
      const isMissing = value === undefined && schema.required?.includes(name) && this.findings.length === before;
      if (isMissing) this.report(offsetOf(pair?.key ?? node), path, `\`${name}\` is missing`);
      if (value !== undefined) entries.push([name, value]);
    }
    return Object.fromEntries(entries);
  }

  /** `??` above also catches a null that was read; it is a value and stays. */
  #valueWithout(pair: Pair | undefined, setting: SettingSchema, path: string): unknown {
    const isNull = pair && isScalar(pair.value) && pair.value.value === null && withoutNull(setting).nullable;
    return isNull ? null : this.#defaultOf(setting, path);
  }

  #readRecord(node: YAMLMap, values: SettingSchema, path: string): unknown {
    const entries: [string, unknown][] = [];
    for (const pair of node.items) {
      const name = this.#keyOf(pair, path);
      if (name === undefined) continue;
      const value = this.#read(pair.value, values, joined(path, name));
      if (value !== undefined) entries.push([name, value]);
    }
    return Object.fromEntries(entries);
  }

  #readList(items: readonly unknown[], schema: SettingSchema, path: string, offset: number): unknown {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
    if (items.length < minItems) return this.report(offset, path, `expected at least ${minItems} entry, found none`);
    if (items.length > maxItems) return this.report(offset, path, `expected at most ${maxItems} entries, found ${items.length}`);
    // A wrong entry stays as a hole, so that the places of the others keep their numbers.
    return items.map((item, index) => this.#read(item, schema.items ?? {}, `${path}[${index}]`));
  }

  /** Anything goes: options that another room checks. */
  #readFree(node: Node, path: string): unknown {
    if (isMap(node)) return this.#readRecord(node, {}, path);
    if (isSeq(node)) return this.#readList(node.items, {}, path, offsetOf(node));
    if (!isScalar(node) || typeof node.value !== "string") return isScalar(node) ? node.value : undefined;
    return this.#substituted(node, path)?.text;
  }

  #readScalar(node: Scalar, schema: SettingSchema, path: string): unknown {
    this.valuePlaces.set(path, this.#placeOf(offsetOf(node)));
    const written = this.#substituted(node, path);
    if (written === undefined) return undefined;
    const fromEnv = written.names.length > 0;
    // `${NAME:-}`: an empty variable means that the setting is left to its default.
    if (fromEnv && written.text === "") return undefined;
    const value = settingValue(node, written.text, fromEnv, schema);
    const wrong = value === undefined ? `expected ${expectedOf(schema)}` : whatIsWrong(value, schema);
    if (wrong === undefined) return value;
    const found = fromEnv ? `another value in ${written.names.join(", ")}` : shown(node, schema);
    const quotes = !fromEnv && schema.type === "string" && typeof node.value !== "string" ? "; put it in quotes" : "";
    return this.report(offsetOf(node), path, `${wrong}, found ${found}${quotes}`);
  }

  #substituted(node: Scalar, path: string): { text: string; names: readonly string[] } | undefined {
    if (typeof node.value !== "string") return { text: node.source ?? String(node.value), names: [] };
    const substitution = substituteEnvironment(node.value, this.#env);
    switch (substitution.outcome) {
      case "substituted":
        return substitution;
      case "unset": {
        const { name } = substitution;
        return this.report(offsetOf(node), path, `the environment has no ${name}; set it, or write \${${name}:-default}`);
      }
      case "malformed":
        return this.report(
          offsetOf(node),
          path,
          `expected \${NAME} or \${NAME:-default} after the dollar sign; write $\${ for a plain \${`,
        );
      default:
        return substitution satisfies never;
    }
  }

  #resolve(given: unknown, path: string): Node | undefined {
    if (!isAlias(given)) return given as Node;
    this.#aliases += 1;
    const isFirstTooMany = this.#aliases === MOST_ALIASES + 1;
    if (isFirstTooMany) this.report(offsetOf(given), path, `more than ${MOST_ALIASES} aliases are not followed`);
    return this.#aliases > MOST_ALIASES ? undefined : (given.resolve(this.#document) as Node | undefined);
  }

  #keyOf(pair: Pair, path: string): string | undefined {
    if (isScalar(pair.key)) return pair.key.source ?? String(pair.key.value);
    return this.report(offsetOf(pair.key), path, "expected a plain name before the colon");
  }

  #defaultOf(setting: SettingSchema, path: string): unknown {
    const { schema } = withoutNull(setting);
    if (setting.default === undefined && path !== "") return undefined;
    if (setting.default === null || !schema.properties) return structuredClone(setting.default);
    const entries = Object.entries(schema.properties).map(([name, inner]) => [name, this.#defaultOf(inner, joined(path, name))] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  #placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function syntaxMessage(error: YAMLWarning | YAMLParseError): string {
  const message = error.message.split("\n")[0]!;
  // `{ port: ${PORT} }`: inside braces the placeholder's own braces are YAML.
  return message.includes("flow-map-start") ? `${message}; within { } or [ ] a value with \${NAME} needs quotes` : message;
}

/** The value in the type that the schema asks for, or undefined. */
function settingValue(node: Scalar, text: string, fromEnv: boolean, schema: SettingSchema): unknown {
  if (schema.enum) return schema.enum.find((word) => (fromEnv || typeof word !== "string" ? String(word) === text : word === node.value));
  if (Array.isArray(schema.type)) return typeof node.value === "string" || typeof node.value === "number" ? text : undefined;
  switch (schema.type) {
    case "string":
      return typeof node.value === "string" ? text : undefined;
    case "boolean":
      if (fromEnv) return text === "true" ? true : text === "false" ? false : undefined;
      return typeof node.value === "boolean" ? node.value : undefined;
    case "integer": {
      const number = fromEnv ? (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined) : node.value;
      return Number.isSafeInteger(number) ? number : undefined;
    }
    default:
      return undefined;
  }
}

function whatIsWrong(value: unknown, schema: SettingSchema): string | undefined {
  if (typeof value === "number") {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
    return value < minimum || value > maximum ? `expected ${expectedOf(schema)}` : undefined;
  }
  if (typeof value !== "string" || schema.enum) return undefined;
  if (value.length < (schema.minLength ?? 0)) return "expected some text";
  const format = schema.format === undefined ? undefined : textFormat(schema.format);
  return format === undefined || format.test(value) ? undefined : `expected ${format.expected}`;
}

function expectedOf(schema: SettingSchema): string {
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  const format = schema.format === undefined ? undefined : textFormat(schema.format);
  if (format) return format.expected;
  switch (schema.type) {
    case "integer":
      return `a whole number ${schema.maximum === undefined ? `from ${schema.minimum}` : `from ${schema.minimum} to ${schema.maximum}`}`;
    case "boolean":
      return "true or false";
    default:
      return "text";
  }
}

function isSecret(schema: SettingSchema): boolean {
  return schema.writeOnly === true || (schema.format !== undefined && textFormat(schema.format)?.secret === true);
}

/** What was found, for a message; at most 60 characters of it, and nothing of a secret. */
function shown(node: Node, schema: SettingSchema): string {
  if (isMap(node)) return "settings";
  if (isSeq(node)) return "a list";
  if (isSecret(schema) || !isScalar(node)) return "something else";
  const text = node.source ?? String(node.value);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const word = schema.enum?.filter((known) => typeof known === "string");
  const hint = word && typeof node.value === "string" ? didYouMean(text, word) : "";
  return `${typeof node.value === "string" ? JSON.stringify(short) : short}${hint}`;
}

/** The nearest name here, or the setting of that name elsewhere, or what there is. */
function hintFor(name: string, known: readonly string[], root: SettingSchema): string {
  const elsewhere = settingList(root).find(({ path }) => path.endsWith(`.${name}`))?.path;
  if (didYouMean(name, known) === "" && elsewhere !== undefined) return `, did you mean \`${elsewhere}\`?`;
  return didYouMean(name, known) || `; there are ${known.join(", ")}`;
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function offsetOf(node: unknown): number {
  return (node as Partial<Node> | null)?.range?.[0] ?? 0;
}
