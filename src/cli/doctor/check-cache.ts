import { type DoctorCheck, ok, warn } from "./doctor-check.ts";

const TIMEOUT_MS = 3_000;

/** Whether the server takes a value from here. Only ever a warning, since the ledger answers without it. Of the address no login is printed. */
export async function checkCache(url: string, prefix: string): Promise<DoctorCheck[]> {
  if (url === "memory") return [];
  const { host } = new URL(url);
  const refused = await whyNot(url, `${prefix}:probe`);
  if (refused === undefined) return [ok("cache", `${host} takes values`)];
  const remedy = "Check stores.cache, the server, its users and its memory. Until then the ledger answers instead, slower.";
  return [warn("cache", `${host} cannot be used: ${refused}`, remedy)];
}

/** @returns undefined when all is well */
async function whyNot(url: string, key: string): Promise<string | undefined> {
  const { createClient } = await import("@redis/client");
  const client = createClient({
    url,
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: "disabled",
    socket: { reconnectStrategy: false, connectTimeout: TIMEOUT_MS },
  });
  let failure: string | undefined;
  client.on("error", (error: Error) => {
    failure ??= error.message;
  });
  const late = setTimeout(() => {
    failure ??= `no answer within ${TIMEOUT_MS / 1000} s`;
    client.destroy();
  }, TIMEOUT_MS);
  try {
    await client.connect();
    await client.set(key, "1", { expiration: { type: "PX", value: 1000 } });
    return undefined;
  } catch (error) {
    return failure ?? (error as Error).message;
  } finally {
    clearTimeout(late);
    if (client.isOpen) client.destroy();
  }
}
