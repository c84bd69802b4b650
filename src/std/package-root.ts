import { existsSync } from "node:fs";

/** The folder of the package that a module belongs to, in a checkout and when installed: the nearest one upwards with a package.json. */
export function packageRoot(from: string): URL {
  for (let folder = new URL("./", from); ; folder = new URL("../", folder)) {
    if (existsSync(new URL("package.json", folder))) return folder;
    if (folder.pathname === "/") throw new Error(`no package.json above ${from}`);
  }
}
