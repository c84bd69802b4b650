import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "../contract/problem.ts";
import type { Role } from "./api-route.ts";

/** Looked at in `api-caller.ts`. */
const SEEN_ELSEWHERE: ReadonlySet<Role> = new Set<Role>(["caller", "sender", "ticket"]);

/**
 * @param authorization the header, if any: Bearer with the admin token; for what only reads, also Basic with it as the password,
 *   so that a browser can ask for it
 * @throws Problem role_missing without a token, role_insufficient with another one
 */
export function authorise(role: Role, authorization: string | undefined, access: { adminToken: string; openReads: boolean }): void {
  if (role === "open" || SEEN_ELSEWHERE.has(role) || (role === "viewer" && access.openReads)) return;
  const token = tokenOf(authorization, role);
  if (token === undefined) throw new Problem("role_missing");
  if (access.adminToken === "" || !isSameSecret(token, access.adminToken)) throw new Problem("role_insufficient");
}

function tokenOf(authorization: string | undefined, role: Role): string | undefined {
  const match = /^(bearer|basic) +(\S+) *$/i.exec(authorization ?? "");
  if (!match) return undefined;
  if (match[1]!.toLowerCase() === "bearer") return match[2];
  // A browser sends Basic along with any request, so it must never be enough to change something.
  if (role === "admin") return undefined;
  const userAndPassword = Buffer.from(match[2]!, "base64").toString("utf8");
  return userAndPassword.slice(userAndPassword.indexOf(":") + 1);
}

/** Compares digests, whose equal length lets the comparison take the same time wherever the texts differ. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
