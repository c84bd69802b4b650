import { dryRunQuery } from "../../contract/field-contract.ts";
import { keyAnswer, keyBody, keyCreated, keyParams, keyPlan, keysAnswer, revokeBody } from "../../contract/keys-contract.ts";
import { Problem } from "../../contract/problem.ts";
import type { VirtualKey } from "../../ports/ledger-store.ts";
import { ok, type Route, route } from "../api-route.ts";
import { readInstant } from "../call-period.ts";
import { scopeOf } from "../call-scope.ts";

export const keysRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/keys",
    summary: "Every virtual key, without its secret.",
    role: "admin",
    answers: { 200: { description: "The keys", schema: keysAnswer } },
    handle: async (_, deps) => ok({ keys: deps.keys.list().map(keyView) }),
  }),
  route({
    method: "POST",
    path: "/api/v1/keys",
    summary: "Makes a virtual key. Its secret is in this answer only.",
    role: "admin",
    query: dryRunQuery,
    body: keyBody,
    answers: {
      200: { description: "Of a dry run: what would be made", schema: keyPlan },
      201: { description: "The key and its secret", schema: keyCreated },
    },
    handle: async ({ query, body }, deps) => {
      const { tenant, ...dimensions } = body.scope;
      const scope = scopeOf({ value: tenant, field: "/scope/tenant" }, dimensions);
      const expiresAt = body.expires_at == null ? null : readInstant(body.expires_at, "/expires_at");
      if (expiresAt !== null && expiresAt <= deps.now()) {
        throw new Problem("invalid_request", { field: "/expires_at" }, { message: "/expires_at is not in the future." });
      }
      const input = { name: body.name, scope, mayName: body.may_name ?? [], models: body.models ?? [], expiresAt };
      if (query.dry_run === "true") {
        const { name, mayName, models } = input;
        const planned = {
          name,
          scope,
          may_name: mayName,
          models,
          expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
        };
        return ok({ dry_run: true, key: planned });
      }
      const { key, secret } = await deps.keys.create(input, "admin");
      return { status: 201, body: { key: keyView(key), secret } };
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/keys/:id/revoke",
    summary: "Ends a virtual key for good. Doing it again changes nothing.",
    role: "admin",
    params: keyParams,
    query: dryRunQuery,
    body: revokeBody,
    bodyOptional: true,
    answers: { 200: { description: "The key", schema: keyAnswer } },
    handle: async ({ params, query, body }, deps) => {
      const known = deps.keys.list().find(({ id }) => id === params.id);
      if (!known) throw new Problem("not_found", { key: params.id }, { message: "There is no key with that id." });
      if (query.dry_run === "true") {
        return ok({ dry_run: true, key: keyView({ ...known, revokedAt: known.revokedAt ?? deps.now() }) });
      }
      const key = (await deps.keys.revoke(params.id, "admin", body.reason ?? "")) ?? known;
      return ok({ key: keyView(key) });
    },
  }),
];

/** Leaves the hash out. */
function keyView(key: VirtualKey) {
  return {
    id: key.id,
    name: key.name,
    hint: key.hint,
    scope: key.scope,
    may_name: [...key.mayName],
    models: [...key.models],
    created_at: new Date(key.createdAt).toISOString(),
    expires_at: key.expiresAt === null ? null : new Date(key.expiresAt).toISOString(),
    revoked_at: key.revokedAt === null ? null : new Date(key.revokedAt).toISOString(),
  };
}
