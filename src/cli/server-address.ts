import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config-schema.ts";
import { environment } from "../config/environment.ts";
import { readConfig } from "../config/read-config.ts";
import type { CommandContext } from "./command.ts";
import { UsageError } from "./usage-error.ts";

export interface ServerAddress {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string | undefined;
}

/**
 * Where the server is and what opens it: options first, then BALLAST_URL and BALLAST_ADMIN_TOKEN, then the configuration.
 * @throws Problem config_invalid when the configuration is needed and cannot be read; UsageError on an address that is none
 */
export function serverAddress(options: Pick<CommandContext, "text">): ServerAddress {
  const named = options.text("url") ?? environment("BALLAST_URL");
  const token = options.text("token") ?? environment("BALLAST_ADMIN_TOKEN");
  if (named !== undefined && (token !== undefined || !isThisMachine(named))) return { url: checkUrl(named), token };
  const config = readConfig(configPath(options));
  // A token that lies on this machine is for the server on this machine: it is never sent to another one.
  return { url: checkUrl(named ?? listenUrl(config.listen)), token: token ?? config.admin_token ?? storedToken(config) };
}

export function configPath(options: Pick<CommandContext, "text">): { path?: string } {
  const path = options.text("config");
  return path === undefined ? {} : { path };
}

/** The address at which a server listening there is reached from this machine. */
export function listenUrl({ host, port }: Config["listen"]): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

/** @throws UsageError on an address that is none */
export function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`"${text}" is no address.`, "Write it as http://127.0.0.1:3010.");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function isThisMachine(text: string): boolean {
  const host = URL.parse(text)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** None where there is none, or where it is not for this user to read: the server then says what is missing. */
function storedToken(config: Config): string | undefined {
  try {
    return readFileSync(join(config.data_dir, "admin-token"), "utf8").trim();
  } catch (error) {
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
