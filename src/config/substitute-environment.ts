import type { Environment } from "./environment.ts";

export type Substitution =
  /** `names` are the variables that were asked for, in order; empty when the text holds none. */
  | { readonly outcome: "substituted"; readonly text: string; readonly names: readonly string[] }
  | { readonly outcome: "unset"; readonly name: string }
  | { readonly outcome: "malformed" };

const PLACEHOLDER = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/**
 * Puts the environment into `${NAME}` and `${NAME:-default}`; the default also stands in for an empty value, as in a shell.
 * `$${` is a plain `${`. What was put in is not looked at again.
 */
export function substituteEnvironment(text: string, env: Environment): Substitution {
  const names: string[] = [];
  let unset: string | undefined;
  let malformed = false;
  const result = text.replace(PLACEHOLDER, (placeholder, name: string | undefined, fallback: string | undefined) => {
    if (placeholder === "$${") return "${";
    if (name === undefined) {
      malformed = true;
      return "";
    }
    names.push(name);
    const value = env(name);
    if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
    if (value === undefined) unset ??= name;
    return value ?? "";
  });
  if (malformed) return { outcome: "malformed" };
  return unset === undefined ? { outcome: "substituted", text: result, names } : { outcome: "unset", name: unset };
}
