import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AT, aBudget, anEnding, CHANGE, WINDOW } from "../data/store/ledger-store-conformance.ts";
import { openSqliteLedgerStore } from "../data/store/sqlite-ledger-store.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { ChangedTenants } from "./kept-statuses.ts";
import { tellingStore } from "./telling-store.ts";

let folder: string;
let own: LedgerStore;
let store: LedgerStore;
/** "told" was waited for, "gathered" was not. */
let heard: [string, ChangedTenants][];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ballast-telling-"));
  own = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT);
  heard = [];
  store = tellingStore(own, {
    changed: (change) => heard.push(["gathered", change]),
    tell: async (change) => {
      heard.push(["told", change]);
    },
  });
});
afterEach(async () => {
  await own.close();
  rmSync(folder, { recursive: true });
});

const wants = [{ budgetId: "b", window: WINDOW }];
const usage = { at: AT, tenant: "a", wants, create: [], amountNano: 5n, inputTokens: 1, outputTokens: 1, trace: "{}" };

it("tells of what is set, raised, credited, booked and resolved, each with its tenant", async () => {
  await store.putBudget(aBudget(), CHANGE);
  await store.putBudgets([{ budget: aBudget({ limitNano: 2000n }), change: CHANGE }]);
  const raise = { id: "r", budgetId: "b", amountNano: 10n, beginsAt: AT, endsAt: AT + 1000, approver: "x", reason: "y", createdAt: AT };
  await store.raiseBudget(raise, "admin");
  await store.endRaise({ id: "r", at: AT + 1, actor: "admin", reason: "" });
  await store.track({ ...usage, requestId: "q", fingerprint: "f" });
  await store.creditBudget({ id: "c", budgetId: "b", amountNano: 1n, at: AT, actor: "admin", approver: "x", reason: "y" });
  expect(heard).toEqual(Array.from({ length: 6 }, () => ["told", ["a"]]));
  heard.length = 0;
  await store.lease({ at: AT, wants: [{ ...wants[0]!, missingNano: 100n }], create: [] });
  expect(heard).toEqual([]);
  await store.end(anEnding("h1", "settle", 10n, 50n));
  await store.end(anEnding("h2", "doubt", 0n, 50n));
  await store.resolveDoubt({ holdId: "h2", amountNano: 1n, at: AT, actor: "admin", reason: "" });
  expect(heard).toEqual([
    ["gathered", ["a"]],
    ["gathered", ["a"]],
    ["told", "all"],
  ]);
});

it("tells of a budget that a call brought into being", async () => {
  const budget = aBudget({ id: "new", selector: { tenant: "newcomer" } });
  await store.lease({ at: AT, wants: [{ budgetId: "new", window: WINDOW, missingNano: 1n }], create: [budget] });
  expect(heard).toEqual([["gathered", ["newcomer"]]]);
});

it("is silent about what no tenant's status shows, and about what is only read", async () => {
  await store.putBudget(aBudget({ id: "team", selector: { team: "t" } }), CHANGE);
  await store.end({ ...anEnding("h", "none", 0n, 0n), accounts: [] });
  await store.accounts(["b"], AT);
  await store.verify();
  await store.beat({ version: store.version });
  expect([heard, store.epoch, store.shared]).toEqual([[], own.epoch, own.shared]);
});

it("tells of what failed too: it may have been written before it did", async () => {
  await own.close();
  await expect(store.track({ ...usage, requestId: "q", fingerprint: "f" })).rejects.toThrow();
  await expect(store.putBudget(aBudget(), CHANGE)).rejects.toThrow();
  expect(heard).toEqual([
    ["told", ["a"]],
    ["told", ["a"]],
  ]);
  own = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT);
});
