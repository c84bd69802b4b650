import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Config, ProviderConfig } from "./config/config-schema.ts";
import { Problem } from "./contract/problem.ts";
import { siblingModule } from "./std/sibling-module.ts";

/** Starts the simulated providers of the configuration. @returns their addresses, by name */
export async function startSims(config: Config, opened: (() => unknown)[]): Promise<Map<string, string>> {
  const urls = new Map<string, string>();
  for (const provider of config.providers) {
    if (provider.kind === "sim") urls.set(provider.name, await startSimProcess(provider, opened));
  }
  return urls;
}

/** The simulated provider is a process of its own, as a real one would be elsewhere. It ends with this one. */
async function startSimProcess(provider: ProviderConfig, opened: (() => unknown)[]): Promise<string> {
  const main = fileURLToPath(siblingModule(import.meta.url, "./adapters/providers/sim/sim-main"));
  const child: ChildProcess = spawn(process.execPath, [main, "--options", JSON.stringify(provider.options ?? {})], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  opened.push(() => {
    child.kill("SIGTERM");
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("error", reject);
    child.once("exit", () =>
      reject(
        new Problem(
          "config_invalid",
          { provider: provider.name },
          { message: `The sim provider ${provider.name} did not start; see its message above.` },
        ),
      ),
    );
  });
  child.removeAllListeners("exit");
  return (JSON.parse(line) as { url: string }).url;
}
