import { describe, expect, it } from "vitest";
import type { Account, Budget } from "../core/ledger/budget.ts";
import { openAccount } from "../core/ledger/budget.ts";
import { type Nano, usd } from "../core/money/usd.ts";
import type { Warehouse } from "../ports/warehouse.ts";
import { type Books, verifyBooks } from "./verify-books.ts";

const NOON = Date.parse("2025-11-15T12:00:00Z");
const COUNTS = { entries: 4, accounts: 1, auditRows: 2, outboxWaiting: 0, outboxParked: 0, inDoubtHolds: 0, findings: [] };
const BUDGET: Budget = {
  id: "tenant=acme",
  selector: { tenant: "acme" },
  limitNano: usd("10"),
  window: "month",
  zone: "UTC",
  hard: true,
  onShort: "deny",
  thresholds: [],
  warnPercent: 80,
  covers: "all",
  origin: "api",
  createdAt: 0,
  updatedAt: 0,
};
const ACCOUNT: Account = { ...openAccount(BUDGET, { start: 0, end: NOON * 2 }), spentNano: usd("3") };

function perTenant(amounts: Record<string, string>) {
  return Object.entries(amounts).map(([tenant, amount]) => ({ tenant, bookedNano: usd(amount), traces: 1 }));
}

/** Books that agree, but for what a test changes. */
function books(changes: {
  ledger?: Record<string, string>;
  /** What the warehouse has at the first reading, and at the second. */
  warehouse?: [Record<string, string>, Record<string, string>] | undefined;
  waiting?: { tenant: string; unit_cost_usd: string | null }[];
  counts?: Partial<typeof COUNTS>;
  shown?: Partial<Budget>[];
  shownSpent?: Nano;
}): Books {
  const answers = [...(changes.warehouse ?? [{ acme: "3" }, { acme: "3" }])];
  const waiting = changes.waiting ?? [];
  return {
    store: {
      verify: async () => ({ ...COUNTS, outboxWaiting: waiting.length, ...changes.counts }),
      bookedPerTenant: async () => perTenant(changes.ledger ?? { acme: "3" }),
      readOutbox: async () => waiting.map((trace, seq) => ({ seq, payload: JSON.stringify(trace) })),
      budgets: async () => [BUDGET],
      accounts: async () => [ACCOUNT],
    },
    warehouse: { bookedPerTenant: async () => perTenant(answers.shift()!) } as unknown as Warehouse,
    budgets: { all: () => (changes.shown ?? [{}]).map((change) => ({ ...BUDGET, ...change })) },
    desk: { status: async () => [{ ...ACCOUNT, spentNano: changes.shownSpent ?? ACCOUNT.spentNano }] },
    now: () => NOON,
  };
}

describe("verifyBooks", () => {
  it("finds nothing where all agree, and says what it looked at", async () => {
    expect(await verifyBooks(books({}))).toEqual({
      ok: true,
      findings: [],
      entries: 4,
      accounts: 1,
      audit_rows: 2,
      outbox: { waiting: 0, parked: 0 },
      in_doubt_holds: 0,
      warehouse: { checked: true, traces: 1, booked_usd: "3" },
    });
  });

  it("is not misled by calls that end while it looks", async () => {
    const during = books({ ledger: { acme: "3.5" }, warehouse: [{ acme: "3" }, { acme: "4" }] });
    expect((await verifyBooks(during)).findings).toEqual([]);
  });

  it("takes waiting rows as an explanation, to the cent", async () => {
    const waiting = [
      { tenant: "acme", unit_cost_usd: "1.25" },
      { tenant: "acme", unit_cost_usd: null },
    ];
    expect((await verifyBooks(books({ ledger: { acme: "4.25" }, waiting }))).ok).toBe(true);
    expect(await verifyBooks(books({ ledger: { acme: "4.250000001" }, waiting }))).toMatchObject({
      ok: false,
      findings: ["The ledger booked 4.250000001 USD for acme, the warehouse and the rows waiting for it have 4.25."],
    });
  });

  it.each([
    ["a tenant the warehouse does not know", { ledger: { acme: "3", beta: "1" } }, "beta"],
    [
      "a tenant the ledger does not know",
      {
        warehouse: [
          { acme: "3", beta: "1" },
          { acme: "3", beta: "1" },
        ] as [Record<string, string>, Record<string, string>],
      },
      "beta",
    ],
    ["a trace counted twice", { warehouse: [{ acme: "6" }, { acme: "6" }] as [Record<string, string>, Record<string, string>] }, "have 6"],
    ["parked rows", { counts: { outboxParked: 2 } }, "2 rows of the outbox are parked"],
    ["what the store finds", { counts: { findings: ["Entry 3 breaks the chain."] as never[] } }, "Entry 3"],
    ["a budget that is stored and not enforced", { shown: [] }, "not enforced"],
    ["another limit in force than stored", { shown: [{ limitNano: usd("11") }] }, "enforced at 11 USD but stored at 10"],
    ["another number shown than booked", { shownSpent: usd("2") }, "The API shows 2 USD"],
  ])("finds %s", async (_, changes, words) => {
    const answer = await verifyBooks(books(changes));
    expect(answer.ok).toBe(false);
    expect(answer.findings.join(" ")).toContain(words);
  });

  it("checks the store alone where there is no warehouse", async () => {
    const answer = await verifyBooks({ ...books({}), warehouse: undefined });
    expect(answer).toMatchObject({ ok: true, warehouse: { checked: false, traces: 0, booked_usd: null } });
  });
});
