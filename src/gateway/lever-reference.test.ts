import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { COMPLEXITY_FEATURES } from "../core/routing/complexity.ts";
import { packageRoot } from "../std/package-root.ts";

const page = fileURLToPath(new URL("docs/concepts/levers.md", packageRoot(import.meta.url)));

// `npx vitest run src/gateway/lever-reference.test.ts -u` writes the table anew after a change of the features.
it("has a page that lists exactly the features of complexity, with their weights", async () => {
  const rows = Object.entries(COMPLEXITY_FEATURES).map(([name, { weight, meaning }]) => `| ${name} | ${weight} | ${meaning} |`);
  const table = ["| feature | weight | what it is |", "| --- | --- | --- |", ...rows].join("\n");
  const written = readFileSync(page, "utf8").replace(
    /(<!-- complexity:[^\n]*-->\n)[\s\S]*?(<!-- end of complexity -->)/,
    (_, head, tail) => `${head}\n${table}\n\n${tail}`,
  );
  expect(written).toContain(table);
  await expect(written).toMatchFileSnapshot(page);
});
