import type { Conflict } from "./config-finding.ts";

/** They belong to the connection, or are written by Ballast itself. */
const OWN_HEADERS = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
]);

/** Names of headers that people may not set. */
export function headerConflicts(names: readonly string[], path: string): Conflict[] {
  return names.flatMap((name) => {
    const setting = `${path}.headers.${name}`;
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return [{ setting, message: "is no name of a header" }];
    return OWN_HEADERS.has(name.toLowerCase()) ? [{ setting, message: "is written by Ballast itself" }] : [];
  });
}
