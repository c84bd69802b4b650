import postgres from "postgres";
import type { News } from "../../ports/ledger-store.ts";

const TRY_AGAIN_MS = 1000;

/** Hears what other processes tell with their commits, on a connection of its own. */
export class PostgresNews {
  readonly #client: postgres.Sql;
  readonly #tell: (news: News) => void;
  #hears = false;
  #stopped = false;

  /** @param tell news may be lost with the connection: it is said that some may have been, when there is a new one */
  constructor(url: string, tell: (news: News) => void) {
    const onclose = () => {
      this.#hears = false;
    };
    const connection = { application_name: "ballast news" };
    this.#client = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {}, onclose, connection });
    this.#tell = tell;
    void this.#listen();
  }

  get hears(): boolean {
    return this.#hears;
  }

  stop(): void {
    this.#stopped = true;
    void this.#client.end({ timeout: 0 }).catch(() => {});
  }

  async #listen(): Promise<void> {
    const connected = () => {
      this.#hears = true;
      this.#tell({ kind: "reconnected" });
    };
    try {
      await this.#client.listen("ballast", (payload) => this.#tell(JSON.parse(payload) as News), connected);
    } catch {
      if (!this.#stopped) setTimeout(() => this.#listen(), TRY_AGAIN_MS).unref();
    }
  }
}
