import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { type ConfigSource, findConfigFile } from "./read-config.ts";

/**
 * The variables that the file takes its providers' keys from, for telling people which one to set. A hint and nothing more: whoever asks has
 * read the configuration already, so a file that is not as expected names no variables.
 * @returns by provider name
 */
export function keyVariables(source: ConfigSource): ReadonlyMap<string, string> {
  const file = findConfigFile(source);
  const written = file === undefined ? undefined : (parse(readFileSync(file, "utf8")) as { providers?: unknown } | null);
  const providers = Array.isArray(written?.providers) ? (written.providers as ({ name?: unknown; api_key?: unknown } | null)[]) : [];
  return new Map(
    providers.flatMap((provider) => {
      const variable = /^\$\{([A-Za-z_][A-Za-z0-9_]*)/.exec(String(provider?.api_key ?? ""))?.[1];
      return variable === undefined ? [] : [[String(provider?.name), variable] as const];
    }),
  );
}
