import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * Makes dist/ for the packed product: Node does not strip types under node_modules, so the package ships JavaScript.
 * The layout stays as in the checkout, so that files are found beside the modules that read them.
 */
const root = fileURLToPath(new URL("../", import.meta.url));
process.chdir(root);
rmSync("dist", { recursive: true, force: true });
// The client is built for others: for Node 18 and the edge, with declarations, and without the types of Node.
for (const project of ["tsconfig.build.json", "client/tsconfig.json"]) {
  const tsc = spawnSync(join("node_modules", ".bin", "tsc"), ["-p", project], { stdio: "inherit" });
  if (tsc.status !== 0) process.exit(tsc.status ?? 1);
}
for (const file of globSync("src/**/*.{sql,css}")) {
  const to = join("dist", file);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(file, to);
}
chmodSync("dist/src/cli/ballast.js", 0o755);
console.log("dist/ is ready");
