import { it } from "vitest";
import { postgresIsHere, startPostgres } from "../servers/postgres-server.ts";
import { killJourney } from "./kill-journey.ts";

if (postgresIsHere()) {
  killJourney("PostgreSQL", async () => {
    const server = await startPostgres();
    return { setting: await server.database(), dispose: () => server.close() };
  });
} else it.skip("kill -9 under load, with the ledger in PostgreSQL: skipped, there is no PostgreSQL here", () => {});
