import { Problem } from "../contract/problem.ts";
import { isScopeValue, SCOPE_DIMENSIONS, type Scope, type ScopeDimension, type ScopeSelector } from "../core/scope/scope.ts";

/** @throws Problem invalid_scope when the value cannot stand in a header, a label and a path */
export function checkScopeValue(value: string, field: string): string {
  if (isScopeValue(value)) return value;
  throw new Problem("invalid_scope", { field }, { message: `${field} has a character that cannot be used.` });
}

type ScopeFields = { [Dimension in Exclude<ScopeDimension, "tenant">]?: string | undefined };

/** The scope of a call that an application tells of. @throws Problem invalid_scope */
export function scopeOf(tenant: { value: string; field: string }, fields: ScopeFields): Scope {
  const scope: { tenant: string } & ScopeFields = { tenant: checkScopeValue(tenant.value, tenant.field) };
  for (const dimension of SCOPE_DIMENSIONS) {
    if (dimension === "tenant") continue;
    const value = fields[dimension];
    if (value !== undefined) scope[dimension] = checkScopeValue(value, `/${dimension}`);
  }
  return scope;
}

/**
 * Reads "tenant=acme,model=gpt-4o", in any order; values may be percent-encoded. "*" selects every call.
 * @throws Problem invalid_scope
 */
export function readSelector(text: string): ScopeSelector {
  if (text === "*") return {};
  const selector: Record<string, string> = {};
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const dimension = part.slice(0, equals);
    if (equals < 1 || !(SCOPE_DIMENSIONS as readonly string[]).includes(dimension)) {
      throw new Problem(
        "invalid_scope",
        { scope: text },
        { message: `"${part}" is not <dimension>=<value> with a dimension of ${SCOPE_DIMENSIONS.join(", ")}.` },
      );
    }
    if (selector[dimension] !== undefined) {
      throw new Problem("invalid_scope", { scope: text }, { message: `The scope names ${dimension} twice.` });
    }
    selector[dimension] = checkScopeValue(decoded(part.slice(equals + 1)), `scope ${dimension}`);
  }
  return selector;
}

/** The router has decoded the path once; an id as Ballast prints it is encoded once more. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
