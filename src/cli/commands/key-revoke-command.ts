import type { Static } from "typebox";
import type { keyAnswer } from "../../contract/keys-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, DRY_RUN_OPTION, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";
import { DRY_RUN_WORDS, dryRunQuery } from "./budget-set-command.ts";

export const keyRevokeCommand: Command = {
  name: "key revoke",
  summary: "Ends a virtual key for good. Doing it again changes nothing.",
  usage: "<id>",
  options: [{ name: "reason", type: "string", value: "text", description: "Why, for the audit log" }, DRY_RUN_OPTION, ...SERVER_OPTIONS],
  async run(context) {
    const [id = ""] = context.words;
    const reason = context.text("reason");
    const path = `/api/v1/keys/${encodeURIComponent(id)}/revoke`;
    const answer = await clientFor(context).post<Static<typeof keyAnswer>>(
      path,
      reason === undefined ? {} : { reason },
      dryRunQuery(context),
    );
    const { key } = answer;
    const said = answer.dry_run ? `would be revoked. ${DRY_RUN_WORDS}` : `is revoked since ${key.revoked_at}.`;
    context.out(context.json ? JSON.stringify(answer) : printable(`Key ${key.id} (${key.name}) ${said}`));
    return 0;
  },
};
