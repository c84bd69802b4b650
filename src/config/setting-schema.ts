import { configSchema } from "./config-schema.ts";

/** The part of JSON Schema that the settings use, for walking over them. */
export interface SettingSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  /** For editors; what reads the file says in words what is wrong. */
  readonly pattern?: string;
  /** A secret: never repeated in a message. */
  readonly writeOnly?: boolean;
  readonly enum?: readonly (string | boolean)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly patternProperties?: Readonly<Record<string, SettingSchema>>;
  readonly required?: readonly string[];
  readonly items?: SettingSchema;
  readonly anyOf?: readonly SettingSchema[];
}

export const rootSetting = configSchema as unknown as SettingSchema;

/** The schema of a record's values, when its keys are free. */
export function valueSchema(schema: SettingSchema): SettingSchema | undefined {
  return schema.patternProperties === undefined ? undefined : Object.values(schema.patternProperties)[0];
}

/** A setting that may be null, and what it is otherwise. */
export function withoutNull(schema: SettingSchema): { readonly nullable: boolean; readonly schema: SettingSchema } {
  const other = schema.anyOf?.find((part) => part.type !== "null");
  return other === undefined ? { nullable: false, schema } : { nullable: true, schema: other };
}
