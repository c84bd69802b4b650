import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8");

it("has every option in docs/concepts/client.md, and none that does not exist", () => {
  const [, options] = /export interface BudgetClientOptions \{\n(.*?)\n\}/s.exec(read("budget-client.ts"))!;
  const known = [...options!.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name!);
  const [, table] = read("../docs/concepts/client.md").split("## Options");
  const told = [...table!.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)[`(]/g)].map(([, name]) => name!));
  expect(told.sort()).toEqual(known.sort());
});
