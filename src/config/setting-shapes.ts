import { type TSchemaOptions, Type } from "typebox";
import type { TextFormatName } from "./text-formats.ts";

/* What settings are made of: the schemas of all configuration files use these, so that a reader meets the same kinds everywhere. */

export type Options = Omit<TSchemaOptions, "format" | "description"> & { readonly default?: unknown; readonly format?: TextFormatName };

export const text = (description: string, options: Options = {}) => Type.String({ minLength: 1, description, ...options });
export const secret = (description: string, format: TextFormatName) => text(description, { format, writeOnly: true });
export const flag = (description: string, byDefault: boolean) => Type.Boolean({ description, default: byDefault });
export const whole = (description: string, minimum: number, maximum: number, byDefault: number) =>
  Type.Integer({ description, minimum, maximum, default: byDefault });
export const oneOf = <const Word extends string>(description: string, words: readonly Word[], byDefault: NoInfer<Word>) =>
  Type.Enum([...words], { description, default: byDefault });
/** Decimal text; a number in the file is taken by its digits and never becomes a float. */
export const amount = (description: string, format: TextFormatName, options: Options = {}) =>
  Type.Unsafe<string>({ type: ["string", "number"], format, description, ...options });
export const closed = <Properties extends Parameters<typeof Type.Object>[0]>(
  properties: Properties,
  description: string,
  options: Options = {},
) => Type.Object(properties, { additionalProperties: false, description, ...options });
export const list = <Item extends Parameters<typeof Type.Array>[0]>(item: Item, description: string, options: Options = { default: [] }) =>
  Type.Array(item, { maxItems: 10_000, description, ...options });
