import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = "docs/reference";
const page = readFileSync(join(ROOT, FOLDER, "known-failures.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| (\d+|M) \|/.test(line))
  .map((line) => line.slice(2, -2).split(" | "));
const text = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** `[words](file) "a test", "another"; [words](file) "a test"` */
function testsOf(cell: string): { file: string; name: string }[] {
  return [...cell.matchAll(/\]\(([^)]+)\)((?:,? "[^"]+")+)/g)].flatMap(([, link, names]) => {
    const file = join(FOLDER, link!);
    return [...names!.matchAll(/"([^"]+)"/g)].map(([, name]) => ({ file, name: name! }));
  });
}

describe("the page of known failures", () => {
  it("has a row for each complaint, in four cells", () => {
    const numbers = rows.map(([number]) => number).filter((number) => number !== "M");
    expect(numbers).toEqual(Array.from({ length: 79 }, (_, index) => String(index + 1)));
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell.trim() === ""))).toEqual([]);
  });

  it("names a test that exists in each row, or a benchmark that exists, or says that it is not built yet", () => {
    const benchmarks = text("bench/run-bench.ts");
    const wrong = rows.flatMap(([number, , , proof]) => {
      if (proof === "not built yet") return [];
      const benchmark = /^benchmark `(\w+)`$/.exec(proof!)?.[1];
      if (benchmark !== undefined)
        return benchmarks.includes(`  ${benchmark}: ${benchmark}Bench,`) ? [] : [`${number}: no benchmark ${benchmark}`];
      const tests = testsOf(proof!);
      if (tests.length === 0) return [`${number}: names nothing`];
      return tests
        .filter(({ file, name }) => !existsSync(join(ROOT, file)) || !namesOf(file).includes(name))
        .map(({ file, name }) => `${number}: no test "${name}" in ${file}`);
    });
    expect(wrong).toEqual([]);
  });

  it("names every test of this folder", () => {
    const listed = new Set(rows.flatMap(([, , , proof]) => testsOf(proof!)).map(({ file, name }) => `${file}: ${name}`));
    const files = globSync("test/known-failures/*.test.ts", { cwd: ROOT }).filter((file) => !file.endsWith("-page.test.ts"));
    expect(files.length).toBeGreaterThan(3);
    expect(files.flatMap((file) => namesOf(file).map((name) => `${file}: ${name}`)).filter((each) => !listed.has(each))).toEqual([]);
  });
});

/** Tests of a file as they are written, those that are skipped, left to do or expected to fail not among them. */
function namesOf(file: string): string[] {
  return [...text(file).matchAll(/\b(?:it|it\.each(?:<[^;]*?>)?\([\s\S]*?\))\(\s*"([^"]+)"/g)].map(([, name]) => name!);
}
