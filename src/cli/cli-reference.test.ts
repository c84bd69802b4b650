import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { GLOBAL_OPTIONS } from "./command.ts";
import { COMMANDS } from "./command-list.ts";
import { optionMeaning, optionUsage, usageOf } from "./help-text.ts";

it("documents exactly the commands and options there are", () => {
  const page = readFileSync(new URL("../../docs/reference/cli.md", import.meta.url), "utf8");
  const row = (option: Parameters<typeof optionUsage>[0]) => `| \`${optionUsage(option)}\` | ${optionMeaning(option)} |`;
  const existing = [
    ...GLOBAL_OPTIONS.map(row),
    ...COMMANDS.flatMap((command) => [`### \`ballast ${usageOf(command)}\``, command.summary, ...command.options.map(row)]),
  ];
  const reference = page.split("\n## ").find((part) => part.startsWith("Reference\n")) ?? "";
  const documented = reference.split("\n").filter((line) => line.startsWith("### ") || line.startsWith("| `") || /^[A-Z].*\.$/.test(line));
  expect(documented).toEqual(existing);
});
