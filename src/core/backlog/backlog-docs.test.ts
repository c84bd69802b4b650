import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SAVING_LEVERS } from "./saving-lever-list.ts";

it("documents exactly the levers that there are", () => {
  const page = readFileSync(new URL("../../../docs/concepts/backlog.md", import.meta.url), "utf8");
  const rows = SAVING_LEVERS.map(({ name, title, example, meaning }) => `| \`${name}\` | ${title} | \`${example}\` | ${meaning} |`);
  expect(page.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows);
});
