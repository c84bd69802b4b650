import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "ballast-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a bundler makes of one import, minified, and which modules of ours are in it. */
async function bundle(source: string): Promise<{ gzippedBytes: number; modules: string[]; code: string }> {
  const entry = join(folder, "entry.js");
  writeFileSync(entry, source);
  const result = await build({
    configFile: false,
    logLevel: "silent",
    root: folder,
    build: { write: false, minify: true, target: "es2022", rolldownOptions: { input: entry, preserveEntrySignatures: "strict" } },
  });
  const { output } = result as unknown as { output: [{ code: string; modules: Record<string, { renderedLength: number }> }] };
  const { code, modules } = output[0];
  const rendered = Object.entries(modules).filter(([id, { renderedLength }]) => id.endsWith(".ts") && renderedLength > 0);
  return { gzippedBytes: gzipSync(code).length, modules: rendered.map(([id]) => basename(id)).sort(), code };
}

const from = (file: string) => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));

describe("the bundle", () => {
  it("of the core is under 4 KB gzipped, and asks for nothing but itself", async () => {
    const { gzippedBytes, modules, code } = await bundle(`export { createBudgetClient } from ${from("ballast-client.ts")}`);
    console.log(`createBudgetClient: ${gzippedBytes} bytes gzipped`);
    expect(gzippedBytes).toBeLessThan(4096);
    expect(code).not.toMatch(/\bimport\b|\brequire\(/);
    expect(modules).toEqual([
      "ask-ballast.ts",
      "budget-call.ts",
      "budget-check.ts",
      "budget-client.ts",
      "budget-errors.ts",
      "request-id.ts",
      "status-cache.ts",
      "usage-queue.ts",
    ]);
  });

  it("of withBudget has no adapter in it, nor the rest of the client", async () => {
    const { gzippedBytes, modules } = await bundle(`export { withBudget } from ${from("ballast-client.ts")}`);
    console.log(`withBudget: ${gzippedBytes} bytes gzipped`);
    expect(modules).toEqual(["call-budget.ts", "with-budget.ts"]);
  });

  it("of an adapter has no other adapter in it", async () => {
    const { modules } = await bundle(`export { honoBudget } from ${from("hono-budget.ts")}`);
    expect(modules).toEqual(["budget-errors.ts", "call-budget.ts", "hono-budget.ts"]);
  });
});
