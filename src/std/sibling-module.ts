/**
 * The address of a module that lies beside the one that asks, for workers and child processes:
 * `.ts` in a checkout, `.js` in the packed product.
 * @param from the asker's import.meta.url
 * @param name file name without extension, may hold a relative path
 */
export function siblingModule(from: string, name: string): URL {
  return new URL(`${name}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
}
