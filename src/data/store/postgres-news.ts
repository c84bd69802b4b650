import postgres from "postgres";
import type { News } from "../../ports/ledger-store.ts";

const TRY_AGAIN_MS = 1000;

/**
 * Hears what other processes tell with their commits, on a connection of its own. News may be lost with the connection: it is said that
 * some may have been, when there is a new one.
 * @returns stops listening
 */
export function listenToNews(url: string, tell: (news: News) => void): () => void {
  const client = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {}, connection: { application_name: "ballast news" } });
  let stopped = false;
  const listen = async () => {
    try {
      await client.listen(
        "ballast",
        (payload) => tell(JSON.parse(payload) as News),
        () => tell({ kind: "reconnected" }),
      );
    } catch {
      if (!stopped) setTimeout(listen, TRY_AGAIN_MS).unref();
    }
  };
  void listen();
  return () => {
    stopped = true;
    void client.end({ timeout: 0 }).catch(() => {});
  };
}
