import postgres from "postgres";
import { Problem } from "../../contract/problem.ts";
import { numberParameters, readStatements } from "./statement-file.ts";

/**
 * Keeps what calls used for the guide's table ai_token_usage, when their traces leave the outbox. On a connection of its own and not under the
 * ledger's lock: no call waits for it, and that table counts a row once that is in both places.
 */
export class PostgresUsage {
  readonly #client: postgres.Sql;
  readonly #statement: string;
  readonly #usageDays: number;

  constructor(url: string, usageDays: number) {
    const connection = { application_name: "ballast usage" };
    this.#client = postgres(url, { max: 1, connect_timeout: 5, idle_timeout: 60, onnotice: () => {}, connection });
    const statements = readStatements(new URL("statements-postgres/", import.meta.url));
    this.#statement = numberParameters(statements.get("keep-usage")!).text;
    this.#usageDays = usageDays;
  }

  /** @param seqs of outbox rows; other topics are none of it @throws Problem store_unavailable */
  async keep(seqs: readonly number[]): Promise<void> {
    try {
      await this.#client.unsafe(this.#statement, [JSON.stringify(seqs), this.#usageDays]);
    } catch (error) {
      throw new Problem("store_unavailable", { said: (error as Error).message }, { cause: error });
    }
  }

  stop(): void {
    void this.#client.end({ timeout: 0 }).catch(() => {});
  }
}
