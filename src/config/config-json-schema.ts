import { rootSetting, type SettingSchema } from "./setting-schema.ts";

/** Lets editors accept `${NAME}` where a number or a word of a list is wanted. */
const FROM_ENVIRONMENT = { type: "string", pattern: "\\$\\{[A-Za-z_]" };

/** The settings as JSON Schema, for editors and for `ballast validate --schema`: what has a default may be left out. */
export function configJsonSchema(): Record<string, unknown> {
  return fileJsonSchema("ballast.yaml", rootSetting);
}

/** Any file of settings as JSON Schema. */
export function fileJsonSchema(title: string, root: SettingSchema): Record<string, unknown> {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title, ...asWritten(root) };
}

function asWritten(schema: SettingSchema): Record<string, unknown> {
  const { properties, required, items, anyOf, patternProperties, default: byDefault, ...rest } = schema;
  const written: Record<string, unknown> = { ...rest };
  if (properties) {
    written.properties = mapValues(properties, asWritten);
    const needed = (required ?? []).filter((name) => properties[name]?.default === undefined);
    if (needed.length > 0) written.required = needed;
  }
  if (patternProperties) written.patternProperties = mapValues(patternProperties, asWritten);
  if (items) written.items = asWritten(items);
  if (anyOf) written.anyOf = anyOf.map(asWritten);
  const defaults = byDefault === undefined ? {} : { default: byDefault };
  const isText = schema.type === "string" || Array.isArray(schema.type);
  const isLeaf = !properties && !patternProperties && !items && !anyOf && schema.type !== "null" && schema.type !== undefined;
  if ((isLeaf && !isText) || schema.enum) {
    const { description, ...form } = written;
    return { ...(description === undefined ? {} : { description }), ...defaults, anyOf: [form, FROM_ENVIRONMENT] };
  }
  return { ...written, ...defaults };
}

function mapValues<Value, Result>(record: Readonly<Record<string, Value>>, change: (value: Value) => Result): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
