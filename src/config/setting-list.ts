import { rootSetting, type SettingSchema, withoutNull } from "./setting-schema.ts";

/** One row of docs/reference/configuration.md. */
export interface SettingRow {
  /** "gateway.drain_max_ms"; "budgets[].limit_usd" within a list. */
  readonly path: string;
  readonly type: string;
  /** As it would be written in YAML; "required" or "–" where there is none. */
  readonly default: string;
  readonly description: string;
}

/** Every setting there is, in the order of the schema. */
export function settingList(root: SettingSchema = rootSetting): SettingRow[] {
  return rowsOf(root, "");
}

/** The table of the reference. */
export function settingTable(root: SettingSchema = rootSetting): string {
  const rows = settingList(root).map(({ path, type, default: byDefault, description }) => {
    return `| \`${path}\` | ${type} | ${byDefault} | ${description} |`;
  });
  return ["| setting | type | default | what it does |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function rowsOf(parent: SettingSchema, prefix: string): SettingRow[] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, setting]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const { schema } = withoutNull(setting);
    const row = {
      path,
      type: typeOf(setting),
      default: defaultOf(setting, parent.required?.includes(name) ?? false),
      description: setting.description ?? "",
    };
    return [row, ...rowsOf(schema, path), ...(schema.items ? rowsOf(schema.items, `${path}[]`) : [])];
  });
}

function typeOf(setting: SettingSchema): string {
  const { nullable, schema } = withoutNull(setting);
  if (nullable) return `${typeOf(schema)} or null`;
  if (schema.enum) return schema.enum.join(", ");
  if (Array.isArray(schema.type)) return "amount";
  switch (schema.type) {
    case "object":
      return schema.properties ? "settings" : "free settings";
    case "array":
      return `list of ${schema.items?.properties ? "settings" : schema.items?.type === "integer" ? "whole numbers" : "texts"}`;
    case "integer":
      return schema.maximum === undefined ? `from ${schema.minimum}` : `${schema.minimum} to ${schema.maximum}`;
    case "boolean":
      return "true, false";
    default:
      return "text";
  }
}

function defaultOf(setting: SettingSchema, required: boolean): string {
  if (setting.default === undefined) return required ? "required" : "–";
  if (setting.default !== null && withoutNull(setting).schema.properties) return "as below";
  return `\`${JSON.stringify(setting.default).replaceAll('"', "").replaceAll(",", ", ")}\``;
}
