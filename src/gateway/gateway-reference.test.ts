import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { HEADER_DIMENSIONS } from "../core/scope/scope.ts";
import { UNBOUNDED_FIELDS } from "../core/usage/unbounded-fields.ts";
import { packageRoot } from "../std/package-root.ts";
import { BOUNDED_BETAS } from "./anthropic-betas.ts";
import { DIALECTS } from "./dialects/dialect-list.ts";
import { NOT_SENT, NOT_SENT_BEGINNINGS } from "./forward-headers.ts";
import { UNSERVED_PATHS } from "./unserved-paths.ts";

const page = fileURLToPath(new URL("docs/reference/gateway.md", packageRoot(import.meta.url)));
const text = readFileSync(page, "utf8");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const code = (word: string) => `\`${word}\``;

const SECTIONS: Readonly<Record<string, string>> = {
  routes: table(
    ["address", "dialect"],
    [
      ...DIALECTS.map(({ path, usage }) => [code(`POST ${path}`), usage]),
      [code("GET /v1/models"), "both: names that calls may use, without a key"],
    ],
  ),
  unserved: table(
    ["address", "why it is not served"],
    UNSERVED_PATHS.map(({ path, why }) => [code(path), why]),
  ),
  kept: [...NOT_SENT, ...NOT_SENT_BEGINNINGS.map((beginning) => `${beginning}*`)].sort().map(code).join(" "),
  unbounded: table(
    ["member", "in", "counts as", "whose, and what it does"],
    UNBOUNDED_FIELDS.map(({ field, dialects, reason, what }) => {
      const where = dialects === "anywhere" ? "any dialect, at any depth" : dialects.length === 4 ? "any dialect" : dialects.join(", ");
      return [code(field), where, code(reason), what];
    }),
  ),
  betas: table(
    ["beta, without its date", "what allows for it"],
    Object.entries(BOUNDED_BETAS).map(([beta, why]) => [code(beta), why]),
  ),
};

// `npx vitest run src/gateway/gateway-reference.test.ts -u` writes the sections anew after a change of the code.
it("has a reference that lists exactly what the code serves, refuses and keeps to itself", async () => {
  let written = text;
  for (const [name, section] of Object.entries(SECTIONS)) {
    const between = new RegExp(`(<!-- ${name}:[^\\n]*-->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
    expect([name, between.test(written)]).toEqual([name, true]);
    written = written.replace(between, (_, head, tail) => `${head}\n${section}\n\n${tail}`);
  }
  await expect(written).toMatchFileSnapshot(page);
});

/** The names in the first column of the table under a heading. */
function headersUnder(heading: string): string[] {
  const section = text.slice(text.indexOf(`## ${heading}\n`)).split("\n## ")[0]!;
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
}

it("has a reference that lists exactly the headers of ours that are read and sent", () => {
  const files = globSync("*.ts", { cwd: fileURLToPath(new URL(".", import.meta.url)) }).filter((file) => !/test(-kit)?\.ts$/.test(file));
  const source = files.map((file) => readFileSync(new URL(file, import.meta.url), "utf8")).join("\n");
  const spoken = new Set([...source.matchAll(/"(x-(?:ballast|ai|should)-[a-z-]*[a-z])"/g)].map((match) => match[1]!));
  for (const dimension of HEADER_DIMENSIONS) spoken.add(`x-ballast-${dimension.replaceAll("_", "-")}`);
  const listed = [...headersUnder("Headers that it reads"), ...headersUnder("Headers that it sends")];
  expect(new Set(listed.filter((name) => name.startsWith("x-") && name !== "x-api-key"))).toEqual(spoken);
  const standard = listed.filter((name) => !spoken.has(name) && name !== "authorization");
  for (const name of standard) expect([name, source.includes(`"${name}"`)]).toEqual([name, true]);
});
