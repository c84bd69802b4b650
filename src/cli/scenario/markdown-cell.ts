import { printable } from "../print-table.ts";

/** Names come from a file that somebody else may have written. */
export function markdownCell(text: string): string {
  return printable(text).replace(/[\\|<>&`*_[\]]/g, (sign) =>
    sign === "<" ? "&lt;" : sign === ">" ? "&gt;" : sign === "&" ? "&amp;" : sign === "_" ? "_" : `\\${sign}`,
  );
}
