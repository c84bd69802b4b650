import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "../contract/problem.ts";
import type { Instant } from "../core/time/window.ts";
import type { KeyRing } from "../data/store/key-ring.ts";
import type { VirtualKey } from "../ports/ledger-store.ts";
import { isSameSecret } from "./api-roles.ts";

/** Who asks where applications may: a virtual key, the admin, or, while reads are open, anyone. */
export type ApiCaller = { readonly kind: "key"; readonly key: VirtualKey } | { readonly kind: "admin" } | { readonly kind: "anyone" };

export interface CallerAccess {
  readonly keys: Pick<KeyRing, "find" | "catchUp" | "list">;
  readonly adminToken: string;
  readonly openReads: boolean;
  readonly now: () => Instant;
}

/** @throws Problem key_missing, key_unknown, key_revoked, key_expired */
export async function identifyApiCaller(headers: IncomingHttpHeaders, access: CallerAccess, mayBeAnyone = true): Promise<ApiCaller> {
  const secret = /^bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1] ?? headers["x-api-key"];
  if (typeof secret !== "string" || secret === "") {
    if (access.openReads && mayBeAnyone) return { kind: "anyone" };
    throw new Problem("key_missing");
  }
  if (access.adminToken !== "" && isSameSecret(secret, access.adminToken)) return { kind: "admin" };
  // Another process may have made the key just now.
  if (!access.keys.find(secret)) await access.keys.catchUp?.();
  const key = access.keys.find(secret);
  if (!key) throw new Problem("key_unknown");
  requireValid(key, access.now());
  return { kind: "key", key };
}

function requireValid(key: VirtualKey, now: Instant): void {
  if (key.revokedAt !== null) throw new Problem("key_revoked", { key: key.id });
  if (key.expiresAt !== null && key.expiresAt <= now) throw new Problem("key_expired", { key: key.id });
}

/** Stands in an address in place of a header, for readers that can send none. The same for one caller always, so that the address stays. */
export function ticketOf(caller: ApiCaller, { adminToken }: CallerAccess): string {
  const name = caller.kind === "key" ? caller.key.id : caller.kind;
  return `${name}.${createHmac("sha256", `ticket ${adminToken}`).update(name).digest("base64url")}`;
}

/** @throws Problem ticket_invalid, or what is wrong with its key */
export function requireTicket(ticket: string | undefined, access: CallerAccess): void {
  if (access.openReads) return;
  // Without a token of the admin anybody could make tickets.
  if (access.adminToken === "") throw new Problem("ticket_invalid");
  const name = ticket?.slice(0, ticket.lastIndexOf("."));
  if (name === "admin") {
    if (isSameSecret(ticket!, ticketOf({ kind: "admin" }, access))) return;
  } else {
    const key = access.keys.list().find(({ id }) => id === name);
    if (key && isSameSecret(ticket!, ticketOf({ kind: "key", key }, access))) {
      requireValid(key, access.now());
      return;
    }
  }
  throw new Problem("ticket_invalid");
}
