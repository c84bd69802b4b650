import type { Config } from "../../config/config-schema.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";

type Provider = Config["providers"][number];

const TIMEOUT_MS = 3_000;
/** As serve.ts knows them. */
const KNOWN_ADDRESS: Readonly<Record<string, string>> = { openai: "https://api.openai.com", anthropic: "https://api.anthropic.com" };

/** Whether each provider can be reached and has a key. Sends no key, and prints none. */
export async function checkProviders(providers: readonly Provider[]): Promise<DoctorCheck[]> {
  if (providers.length === 0)
    return [warn("providers", "none is configured", "Add one under providers in ballast.yaml, or run `ballast demo`.")];
  return (await Promise.all(providers.map(checkProvider))).flat();
}

async function checkProvider(provider: Provider): Promise<DoctorCheck[]> {
  const name = `provider ${provider.name}`;
  if (provider.kind === "sim") return [ok(name, "simulated, started with the server")];
  return [await checkReachable(name, provider.base_url ?? KNOWN_ADDRESS[provider.kind] ?? ""), checkKey(provider)];
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
export function checkKey({ name: provider, kind, api_key, headers }: Provider): DoctorCheck {
  const name = `key of ${provider}`;
  if (api_key !== undefined && api_key !== "") return ok(name, "is set");
  const inHeaders = Object.keys(headers ?? {}).some((header) => /^(authorization|x-api-key|api-key)$/i.test(header));
  if (inHeaders) return ok(name, "is set in headers");
  if (kind === "openai-compatible") return warn(name, "is not set", "Set api_key if this provider asks for one.");
  return fail(name, "is not set", `Set api_key of ${provider}, best as \${NAME} from the environment.`);
}
