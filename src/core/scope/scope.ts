/** Who and what a cost belongs to. An absent dimension is missing, not empty. */
export interface Scope {
  readonly tenant: string;
  readonly environment?: string | undefined;
  readonly feature?: string | undefined;
  readonly service?: string | undefined;
  readonly team?: string | undefined;
  readonly use_case?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly api_key?: string | undefined;
  readonly run?: string | undefined;
}

/** A call with the name that its price list has for the model: gpt-4o for gpt-4o-2024-08-06. A budget on either name covers it. */
export interface CallScope extends Scope {
  readonly listedModel?: string | undefined;
}

export const SCOPE_DIMENSIONS = [
  "tenant",
  "environment",
  "feature",
  "service",
  "team",
  "use_case",
  "provider",
  "model",
  "api_key",
  "run",
] as const satisfies readonly (keyof Scope)[];

export type ScopeDimension = (typeof SCOPE_DIMENSIONS)[number];

/** The dimensions a caller may name by header, as `x-ballast-<dimension with dashes>`. */
export const HEADER_DIMENSIONS = [
  "tenant",
  "environment",
  "feature",
  "service",
  "team",
  "use_case",
  "run",
] as const satisfies readonly ScopeDimension[];

/** Which calls a budget covers: every named dimension must be equal. */
export type ScopeSelector = Readonly<Partial<Record<ScopeDimension, string>>>;

/** "tenant=acme,model=gpt-4o": the selector as a key, in the fixed order of the dimensions. */
export function selectorKey(selector: ScopeSelector): string {
  const parts: string[] = [];
  for (const dimension of SCOPE_DIMENSIONS) {
    const value = selector[dimension];
    if (value !== undefined) parts.push(`${dimension}=${encodeURIComponent(value)}`);
  }
  return parts.join(",");
}

const SCOPE_VALUE = /^[\p{L}\p{N}][\p{L}\p{N}._:@/+ -]{0,127}$/u;

/** Letters, digits and . _ : @ / + - space, at most 128 characters: what can stand in a header, a label and a path. */
export function isScopeValue(text: string): boolean {
  return SCOPE_VALUE.test(text);
}
