import { LEVER_NAMES } from "../../core/backlog/saving-lever-list.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { oneOf } from "../read-number.ts";
import { ITEM_OPTIONS, itemWish, sendItem, TARGET } from "./backlog-add-command.ts";

export const backlogSetCommand: Command = {
  name: "backlog set",
  summary: "Changes an item of the optimisation backlog; what is left out stays as it was.",
  usage: "<item>",
  options: [
    TARGET,
    { name: "lever", type: "string", value: "lever", description: `One of ${LEVER_NAMES.join(", ")}` },
    ...ITEM_OPTIONS,
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const path = `/api/v1/backlog/${encodeURIComponent(context.words[0] ?? "")}`;
    return await sendItem(context, path, { lever: oneOf(context, "lever", LEVER_NAMES), ...itemWish(context) });
  },
};
