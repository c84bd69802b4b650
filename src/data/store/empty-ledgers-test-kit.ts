import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { LedgerStore } from "../../ports/ledger-store.ts";
import type { LedgerStoreUnderTest } from "./ledger-store-conformance.ts";

/**
 * For the tests of a suite: an empty ledger each. What they open they close themselves, before its folder goes.
 * @returns opens it, for the first time or again
 */
export function emptyLedgers(prepare: () => Promise<LedgerStoreUnderTest>): () => Promise<LedgerStore> {
  let subject: LedgerStoreUnderTest;
  let folder: string;
  beforeAll(async () => {
    subject = await prepare();
  });
  afterAll(() => subject?.dispose());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-ledger-"));
    await subject.empty(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return () => subject.open();
}
