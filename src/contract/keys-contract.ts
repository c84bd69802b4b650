import { Type } from "typebox";
import { closed, dryRun, headerDimension, idText, instantText, orNull, scopeText } from "./field-contract.ts";

const keyScope = closed({
  tenant: scopeText,
  environment: Type.Optional(scopeText),
  feature: Type.Optional(scopeText),
  service: Type.Optional(scopeText),
  team: Type.Optional(scopeText),
  use_case: Type.Optional(scopeText),
  run: Type.Optional(scopeText),
});

export const keyView = closed({
  id: Type.String(),
  name: Type.String(),
  hint: Type.String(),
  scope: Type.Partial(closed({ ...keyScope.properties, provider: scopeText, model: scopeText, api_key: scopeText }), {
    additionalProperties: false,
  }),
  may_name: Type.Array(Type.String()),
  models: Type.Array(Type.String()),
  created_at: instantText,
  expires_at: orNull(instantText),
  revoked_at: orNull(instantText),
});

export const keyBody = closed({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  scope: keyScope,
  may_name: Type.Optional(Type.Array(headerDimension, { uniqueItems: true })),
  models: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      maxItems: 200,
      uniqueItems: true,
      description: "Exact names or with a trailing *; empty allows all",
    }),
  ),
  expires_at: Type.Optional(orNull(Type.String({ maxLength: 40, description: "ISO 8601; null never" }))),
});
export const keyCreated = closed({ key: keyView, secret: Type.String({ description: "Shown this once and kept nowhere" }) });
/** What a dry run would make, without what only a key that is made has. */
export const keyPlan = closed({
  dry_run: dryRun,
  key: Type.Pick(keyView, ["name", "scope", "may_name", "models", "expires_at"], { additionalProperties: false }),
});
export const keysAnswer = closed({ keys: Type.Array(keyView) });
export const keyParams = closed({ id: idText });
export const revokeBody = closed({ reason: Type.Optional(Type.String({ maxLength: 1000 })) });
export const keyAnswer = closed({ dry_run: dryRun, key: keyView });
