import type { Static } from "typebox";
import type { keysAnswer, keyView } from "../../contract/keys-contract.ts";
import { selectorKey } from "../../core/scope/scope.ts";
import { systemClock } from "../../std/system-clock.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printTable } from "../print-table.ts";

export const keyListCommand: Command = {
  name: "key list",
  summary: "Lists the virtual keys, without their secrets.",
  usage: "",
  options: [...SERVER_OPTIONS],
  async run(context) {
    const answer = await clientFor(context).get<Static<typeof keysAnswer>>("/api/v1/keys");
    if (context.json) context.out(JSON.stringify(answer));
    else
      context.out(answer.keys.length === 0 ? "There are no keys. Make one with: ballast key create" : keyTable(answer.keys, systemClock()));
    return 0;
  },
};

export function keyTable(keys: readonly Static<typeof keyView>[], now: number): string {
  const columns = ["id", "name", "hint", "scope", "may name", "models", "created", "state"].map((title) => ({ title }));
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.hint,
    selectorKey(key.scope),
    key.may_name.join(",") || "–",
    key.models.join(",") || "all",
    key.created_at.slice(0, 10),
    stateOf(key, now),
  ]);
  return printTable(columns, rows);
}

function stateOf({ revoked_at, expires_at }: Static<typeof keyView>, now: number): string {
  if (revoked_at !== null) return `revoked ${revoked_at}`;
  if (expires_at === null) return "active";
  return `${Date.parse(expires_at) <= now ? "expired" : "active until"} ${expires_at}`;
}
