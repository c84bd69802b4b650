import { hash } from "node:crypto";

/** 24 hex digits that the same text always gives and no other one will. */
export function stableId(text: string): string {
  return hash("sha256", text, "hex").slice(0, 24);
}
