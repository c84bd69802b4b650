import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const PORTKEY = "@portkey-ai/gateway@1.15.2";

/**
 * Installs the gateway that ours is compared with; kept in the temporary folder for the next run.
 * @returns the program to start, or why there is none
 */
export function installPortkey(): { readonly main: string } | { readonly missing: string } {
  const folder = join(tmpdir(), "ballast-bench-portkey-1.15.2");
  const main = join(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
  if (existsSync(main)) return { main };
  mkdirSync(folder, { recursive: true });
  const npm = spawnSync("npm", ["i", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", PORTKEY], { encoding: "utf8" });
  if (npm.status === 0 && existsSync(main)) return { main };
  return { missing: `${PORTKEY} could not be installed: ${(npm.stderr || (npm.error?.message ?? "")).trim().split("\n").at(-1)}` };
}
