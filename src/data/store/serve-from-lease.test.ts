import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Problem } from "../../contract/problem.ts";
import type { Budget } from "../../core/ledger/budget.ts";
import type { Ending, LedgerStore } from "../../ports/ledger-store.ts";
import { breakableStore } from "./breakable-store-test-kit.ts";
import { BudgetCatalog } from "./budget-catalog.ts";
import { CallJournal } from "./call-journal.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { openSqliteLedgerStore } from "./sqlite-ledger-store.ts";

const AT = Date.parse("2026-11-21T12:00:00Z");
const SCOPE = { tenant: "a", provider: "p", model: "m" };
const LIMITS = { limitNano: 1000n, window: "month", zone: "UTC", hard: true, onShort: "deny", thresholds: [], warnPercent: 80 } as const;
const STAMPS = { covers: "all", origin: "api", createdAt: AT, updatedAt: AT } as const;
const CHANGE = { actor: "test", action: "budget.set", target: "b", reason: "", before: null, after: null };

let folder: string;
let store: LedgerStore;
let journal: CallJournal;
let catalog: BudgetCatalog;
let desk: LeaseDesk;
let down = false;

beforeEach(async () => {
  down = false;
  folder = mkdtempSync(join(tmpdir(), "ballast-lease-"));
  store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT);
  journal = new CallJournal(folder, store.epoch);
  catalog = await BudgetCatalog.open(store, null);
  const beforeRetry = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
  desk = new LeaseDesk({ store: breakableStore(store, () => down), catalog, journal, beforeRetry });
});
afterEach(async () => {
  down = false;
  journal.abandon();
  await store.close(false);
  rmSync(folder, { recursive: true, force: true });
});

const put = (id: string, selector: Budget["selector"], onStoreDown: Budget["onStoreDown"]) =>
  catalog.put({ ...LIMITS, ...STAMPS, id, selector, onStoreDown }, CHANGE);

async function call(holdId: string, amountNano = 10n) {
  const result = await desk.hold(holdId, [SCOPE], amountNano, AT);
  if (result.outcome !== "held") throw new Error(`${holdId} was refused`);
  const { accounts } = result.hold;
  const ending: Ending = {
    kind: "settle",
    holdId,
    accounts,
    heldNano: amountNano,
    amountNano,
    inputTokens: 1,
    outputTokens: 1,
    at: AT,
    tenant: "a",
    trace: null,
  };
  await desk.end(ending);
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "held",
    (error: unknown) => (error as Problem).code,
  );

async function untilRefused(): Promise<{ served: number; code: string }> {
  for (let served = 0; served < 200; served++) {
    const code = await codeOf(call(`down-${served}`));
    if (code !== "held") return { served, code };
  }
  throw new Error("200 calls were served");
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 1000 && desk.openHolds() > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe("while the ledger cannot be written", () => {
  it("calls go on inside the lease, never beyond, and are all booked when it is back", async () => {
    await put("b", { tenant: "a" }, "serve_from_lease");
    await call("before");
    await settled();
    const [{ amountNano: leasedNano } = { amountNano: 0n }] = await store.leases();
    down = true;
    const { served, code } = await untilRefused();
    expect(code).toBe("lease_used_up");
    expect(served).toBeGreaterThan(0);
    expect(BigInt(served) * 10n).toBe((leasedNano / 10n) * 10n);
    down = false;
    await settled();
    expect(await store.accounts(["b"], AT)).toMatchObject([{ spentNano: BigInt(served + 1) * 10n, overrunNano: 0n }]);
    expect(await codeOf(call("after"))).toBe("held");
    expect((await store.verify()).findings).toEqual([]);
  });

  it("calls of which one budget says deny, or nothing, are refused at once", async () => {
    await put("b", { tenant: "a" }, "serve_from_lease");
    await put("p", { provider: "p" }, undefined);
    await call("before");
    down = true;
    await desk.hold("under-way", [SCOPE], 1n, AT).catch(() => undefined);
    await call("seen-down").catch(() => undefined);
    expect(await codeOf(call("next"))).toBe("store_unavailable");
  });

  it("a lease that was never granted serves nothing", async () => {
    await put("b", { tenant: "a" }, "serve_from_lease");
    down = true;
    expect(await codeOf(call("first"))).toBe("lease_used_up");
    expect(await codeOf(call("second"))).toBe("lease_used_up");
    down = false;
    expect(await codeOf(call("third"))).toBe("held");
  });

  it("a call too large for the lease is refused, and a smaller one still fits", async () => {
    await put("b", { tenant: "a" }, "serve_from_lease");
    await call("before");
    await settled();
    down = true;
    expect(await codeOf(call("large", 999n))).toBe("lease_used_up");
    expect(await codeOf(call("small", 10n))).toBe("held");
  });

  it("what a budget says of it survives a restart, and nothing said is deny", async () => {
    await put("b", { tenant: "a" }, "serve_from_lease");
    await put("p", { provider: "p" }, undefined);
    expect((await store.budgets()).map(({ id, onStoreDown }) => [id, onStoreDown])).toEqual([
      ["b", "serve_from_lease"],
      ["p", undefined],
    ]);
  });
});
