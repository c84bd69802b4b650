import type { Static } from "typebox";
import type { keyCreated, keyPlan } from "../../contract/keys-contract.ts";
import { HEADER_DIMENSIONS, selectorKey } from "../../core/scope/scope.ts";
import { clientFor } from "../api-client.ts";
import { type Command, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";

const SCOPE_OPTIONS = ["environment", "feature", "service", "team", "use-case", "run"] as const;

export const keyCreateCommand: Command = {
  name: "key create",
  summary: "Makes a virtual key. Its secret is shown this once and kept nowhere.",
  usage: "",
  options: [
    { name: "name", type: "string", required: true, description: "What the key is called in lists" },
    { name: "tenant", type: "string", required: true, description: "Tenant that calls with this key belong to" },
    ...SCOPE_OPTIONS.map(
      (name) => ({ name, type: "string", description: `Calls with this key belong to this ${name.replace("-", " ")}` }) as const,
    ),
    {
      name: "may-name",
      type: "string",
      value: "dimensions",
      multiple: true,
      description: `What callers may name by header: list with commas of ${HEADER_DIMENSIONS.join(", ")}`,
    },
    {
      name: "model",
      type: "string",
      value: "names",
      multiple: true,
      description: "Models it may call, exact or with a trailing *; all unless set",
    },
    { name: "expires", type: "string", value: "instant", description: "When it ends, such as 2027-01-01T00:00:00Z; never unless set" },
    DRY_RUN_OPTION,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const given = [["tenant", context.text("tenant")], ...SCOPE_OPTIONS.map((name) => [name.replace("-", "_"), context.text(name)])];
    const expiresAt = context.text("expires");
    const body = {
      name: context.text("name"),
      scope: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      may_name: context.list("may-name"),
      models: context.list("model"),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    };
    const client = clientFor(context);
    if (context.flag("dry-run")) {
      const plan = await client.post<Static<typeof keyPlan>>("/api/v1/keys", body, { dry_run: "true" });
      context.out(context.json ? JSON.stringify(plan) : keyText(plan.key));
      if (!context.json) context.err("A dry run: no key was made.");
      return 0;
    }
    const answer = await client.post<Static<typeof keyCreated>>("/api/v1/keys", body);
    if (context.json) {
      context.out(JSON.stringify(answer));
      return 0;
    }
    // The secret alone goes to stdout: SECRET=$(ballast key create ...) must hold nothing else.
    context.err(keyText(answer.key));
    context.err(`Key ${answer.key.id} (${answer.key.name}) is made. This is its secret; it is not shown again:`);
    context.out(answer.secret);
    return 0;
  },
};

/** What is stored of the key, as it would be sent. */
function keyText({ name, scope, may_name, models, expires_at }: Static<typeof keyPlan>["key"]): string {
  const names = may_name.join(", ") || "nothing";
  const facts = [
    `scope ${selectorKey(scope)}`,
    `callers may name ${names}`,
    `models ${models.join(", ") || "all"}`,
    `expires ${expires_at ?? "never"}`,
  ];
  return printable(`${name}: ${facts.join("; ")}`);
}
