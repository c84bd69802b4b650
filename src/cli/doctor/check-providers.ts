import type { Config } from "../../config/config-schema.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";

type Provider = Config["providers"][number];

const TIMEOUT_MS = 3_000;
/** As serve.ts knows them. */
const KNOWN_ADDRESS: Readonly<Record<string, string>> = { openai: "https://api.openai.com", anthropic: "https://api.anthropic.com" };

/** By provider name: the variables that their keys are taken from, as far as they are known. */
export type KeyVariables = ReadonlyMap<string, string>;

/** Whether each provider can be reached and has a key. Sends no key, and prints none. */
export async function checkProviders(providers: readonly Provider[], variables: KeyVariables = new Map()): Promise<DoctorCheck[]> {
  if (providers.length === 0)
    return [warn("providers", "none is configured", "Add one under providers in ballast.yaml, or run `ballast demo`.")];
  return (await Promise.all(providers.map((provider) => checkProvider(provider, variables)))).flat();
}

async function checkProvider(provider: Provider, variables: KeyVariables): Promise<DoctorCheck[]> {
  const name = `provider ${provider.name}`;
  if (provider.kind === "sim") return [ok(name, "simulated, started with the server")];
  const key = checkKey(provider, variables);
  const reached = await checkReachable(name, provider.base_url ?? KNOWN_ADDRESS[provider.kind] ?? "");
  // A provider without its key is not in use yet, so that it cannot be reached breaks nothing.
  return [key.status === "warn" && reached.status === "fail" ? { ...reached, status: "warn" } : reached, key];
}

/** Any HTTP status counts: most providers answer 404 or 401 here. */
export async function checkReachable(name: string, address: string): Promise<DoctorCheck> {
  // Only the origin is printed: a path may hold an account, user information a password.
  const origin = URL.parse(address)?.origin ?? "an address that cannot be read";
  try {
    const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return ok(name, `${origin} answers`);
  } catch (error) {
    const cause = (error as Error).cause as { code?: string } | undefined;
    const reason = (error as Error).name === "TimeoutError" ? `no answer within ${TIMEOUT_MS / 1000} s` : (cause?.code ?? "no connection");
    return fail(name, `${origin} cannot be reached: ${reason}`, "Check its base_url, this machine's network, DNS and proxy.");
  }
}

/** Whether a secret is set; what it is stays unsaid. */
export function checkKey({ name: provider, kind, api_key, headers }: Provider, variables: KeyVariables = new Map()): DoctorCheck {
  const name = `key of ${provider}`;
  if (api_key !== undefined && api_key !== "") return ok(name, "is set");
  const inHeaders = Object.keys(headers ?? {}).some((header) => /^(authorization|x-api-key|api-key)$/i.test(header));
  if (inHeaders) return ok(name, "is set in headers");
  const variable = variables.get(provider);
  const how =
    variable === undefined ? `Set api_key of ${provider}, best as \${NAME} from the environment` : `Set ${variable} in the environment`;
  if (kind === "openai-compatible") return warn(name, "is not set", `${how}, if this provider asks for a key.`);
  return warn(name, "is not set, so it will refuse every call", `${how}; or remove the provider if you do not use it.`);
}
