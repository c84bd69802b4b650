import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Threads and processes that tests start read their TypeScript from here instead of stripping its types anew each time. That is WebAssembly
// in every thread, which takes most of a thread's start, and many of them in one process crash Node now and then (nodejs/node#64500).
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/ballast-compiled", import.meta.url));

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "client/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
