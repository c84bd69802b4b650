import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AT } from "./ledger-store-conformance.ts";
import { severalProcessesConformance } from "./several-processes-conformance.ts";
import { openSqliteLedgerStore } from "./sqlite-ledger-store.ts";

severalProcessesConformance("one SQLite file", async () => {
  let own: string;
  return {
    async empty(folder) {
      own = folder;
    },
    open: (journalFolder, more) => openSqliteLedgerStore({ folder: own, journalFolder, openedAt: AT, ...more }, () => AT),
    async passTime() {
      const database = new DatabaseSync(join(own, "ledger.sqlite"), { timeout: 1000 });
      database.exec("UPDATE process SET heard_at = heard_at - 4000");
      database.close();
    },
    async dispose() {},
  };
});
