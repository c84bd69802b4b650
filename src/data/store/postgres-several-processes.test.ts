import postgres from "postgres";
import { it } from "vitest";
import { postgresIsHere, startPostgres } from "../../../test/servers/postgres-server.ts";
import { AT } from "./ledger-store-conformance.ts";
import { severalProcessesConformance } from "./several-processes-conformance.ts";
import { openPostgresLedgerStore } from "./sqlite-ledger-store.ts";

if (postgresIsHere()) {
  severalProcessesConformance("PostgreSQL", async () => {
    const server = await startPostgres();
    let url: string;
    return {
      async empty() {
        url = await server.database();
      },
      open: (folder, more) => openPostgresLedgerStore({ folder, postgresUrl: url, openedAt: AT, ...more }, () => AT),
      async passTime() {
        const sql = postgres(url, { max: 1 });
        // The server must have answered for as long itself.
        await sql`SELECT pg_sleep(GREATEST(0, 3.1 - extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()))::float8)`;
        await sql`UPDATE process SET heard_at = heard_at - 4000`;
        await sql.end();
      },
      dispose: () => server.close(),
    };
  });
} else it.skip("several processes on PostgreSQL: skipped, there is no PostgreSQL here", () => {});
