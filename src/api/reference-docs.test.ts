import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROBLEMS } from "../contract/problem-list.ts";
import type { Route } from "./api-route.ts";
import { ROUTES } from "./route-list.ts";

function rowsOf(page: string): string[][] {
  const text = readFileSync(new URL(`../../docs/reference/${page}.md`, import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) =>
    line
      .slice(2, -2)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
}

/** Names with a question mark when they may be left out. */
function fieldsOf(schema: Route["body"]): string[] {
  if (!schema) return [];
  const required = (schema as { required?: string[] }).required ?? [];
  return Object.keys(schema.properties).map((name) => `\`${name}${required.includes(name) ? "" : "?"}\``);
}

describe("the reference", () => {
  it("lists exactly the routes there are, with role, fields and summary", () => {
    const listed = ROUTES.map((route) => {
      const fields = [...fieldsOf(route.query), ...fieldsOf(route.body)].join(" ") || "–";
      return [`\`${route.method} ${route.path}\``, route.role, fields, route.summary];
    });
    expect(rowsOf("api").sort()).toEqual(listed.sort());
  });

  it("lists exactly the problems there are, with status, retry, title and remedy", () => {
    const listed = Object.entries(PROBLEMS).map(([code, { status, retry, title, remedy }]) => {
      return [`\`${code}\``, String(status), retry ? "yes" : "no", title, remedy];
    });
    expect(rowsOf("problems").sort()).toEqual(listed.sort());
  });
});
