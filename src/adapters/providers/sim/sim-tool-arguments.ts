type Schema = Readonly<Record<string, unknown>>;

/** Stands in the sample for the words that the answer will put there; no JSON text of a schema holds it by accident. */
const WORDS = "\u0001words\u0001";

export interface ToolArguments {
  /** JSON text before and after the words; all of it is in `before` where the schema has no place for words. */
  readonly before: string;
  readonly after: string;
  readonly takesWords: boolean;
}

/**
 * Arguments that fit the schema in its plain parts (type, enum, const, required, items, anyOf), with room for words in the first free text.
 * Without a schema: { "text": words }.
 */
export function sampleArguments(schema: unknown): ToolArguments {
  const state = { placed: false };
  const value = isSchema(schema) ? sampleOf(schema, state, 0) : { text: WORDS };
  const json = JSON.stringify(value ?? {});
  const [before, after] = json.split(JSON.stringify(WORDS).slice(1, -1));
  return { before: before!, after: after ?? "", takesWords: after !== undefined };
}

function sampleOf(schema: Schema, state: { placed: boolean }, depth: number): unknown {
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices) && isSchema(choices[0])) return sampleOf(choices[0], state, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "number":
    case "integer":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return isSchema(schema.items) && depth < 8 ? [sampleOf(schema.items, state, depth + 1)] : [];
    case "string":
      if (state.placed) return "word";
      state.placed = true;
      return WORDS;
    default:
      return depth < 8 ? sampleObject(schema, state, depth) : {};
  }
}

function sampleObject(schema: Schema, state: { placed: boolean }, depth: number): unknown {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) && schema.required.length > 0 ? schema.required : Object.keys(properties).slice(0, 1);
  const sample: Record<string, unknown> = {};
  for (const name of required) {
    const property = properties[name];
    sample[name] = isSchema(property) ? sampleOf(property, state, depth + 1) : "word";
  }
  return sample;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
