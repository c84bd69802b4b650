import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "../contract/problem.ts";
import { HEADER_DIMENSIONS, isScopeValue, type Scope, type ScopeDimension } from "../core/scope/scope.ts";
import type { Instant } from "../core/time/window.ts";
import type { KeyRing } from "../data/store/key-ring.ts";
import type { VirtualKey } from "../ports/ledger-store.ts";

export interface Caller {
  readonly key: VirtualKey;
  /** Without provider and model, which are known once the target is. */
  readonly scope: Scope;
  readonly priority: "p0" | "p1" | "p2";
  readonly pii: boolean;
}

const HEADER_OF = new Map(HEADER_DIMENSIONS.map((dimension) => [dimension, `x-ballast-${dimension.replaceAll("_", "-")}`]));

/**
 * Who calls, and what the call belongs to: the key's scope, and what its headers may add.
 * @throws Problem key_missing, keys_differ, key_unknown, key_revoked, key_expired, scope_not_allowed, invalid_scope
 */
export function authenticateCall(headers: IncomingHttpHeaders, find: (secret: string) => VirtualKey | undefined, now: Instant): Caller {
  const secret = secretOf(headers);
  if (secret === undefined) throw new Problem("key_missing");
  const key = find(secret);
  if (!key) throw new Problem("key_unknown");
  if (key.revokedAt !== null) throw new Problem("key_revoked", { key: key.id });
  if (key.expiresAt !== null && key.expiresAt <= now) throw new Problem("key_expired", { key: key.id });
  let scope: Record<ScopeDimension, string | undefined> | undefined;
  for (const [dimension, header] of HEADER_OF) {
    const value = headers[header];
    if (typeof value !== "string" || value === key.scope[dimension]) continue;
    if (!isScopeValue(value)) throw new Problem("invalid_scope", { field: header });
    if (!key.mayName.includes(dimension)) throw new Problem("scope_not_allowed", { field: header, key: key.id });
    scope ??= { ...key.scope } as Record<ScopeDimension, string | undefined>;
    scope[dimension] = value;
  }
  const priority = headers["x-ballast-priority"];
  return {
    key,
    scope: { ...((scope as Scope | undefined) ?? key.scope), api_key: key.id },
    priority: priority === "p0" || priority === "p2" ? priority : "p1",
    pii: saysYes(headers["x-ballast-pii"]),
  };
}

/** Whatever is not plainly a no: a word that we do not know must not make personal data into any other. */
function saysYes(value: string | string[] | undefined): boolean {
  return value !== undefined && !["", "false", "0", "no"].includes(String(value).trim().toLowerCase());
}

/**
 * As `authenticateCall`. A key that is not known here may have been made by another process just now, which is asked for before it is
 * refused.
 */
export function identifyCaller(
  headers: IncomingHttpHeaders,
  keys: Pick<KeyRing, "find" | "catchUp">,
  now: Instant,
): Caller | Promise<Caller> {
  const find = (secret: string) => keys.find(secret);
  try {
    return authenticateCall(headers, find, now);
  } catch (error) {
    if (!keys.catchUp || !(error instanceof Problem) || error.code !== "key_unknown") throw error;
    return keys.catchUp().then(() => authenticateCall(headers, find, now));
  }
}

/**
 * The OpenAI SDK sends a bearer token, the Anthropic SDK x-api-key. Whose budget pays must not depend on which of two we read first.
 * @throws Problem keys_differ
 */
function secretOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  const bearer = authorization !== undefined && /^bearer /i.test(authorization) ? authorization.slice(7).trim() : "";
  const apiKey = typeof headers["x-api-key"] === "string" ? headers["x-api-key"].trim() : "";
  if (bearer !== "" && apiKey !== "" && bearer !== apiKey) throw new Problem("keys_differ");
  return bearer || apiKey || undefined;
}

/** Exact names, or a trailing star; an empty list allows every model. */
export function allowsModel(key: VirtualKey, model: string): boolean {
  return (
    key.models.length === 0 ||
    key.models.some((pattern) => (pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model))
  );
}
