import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accountId, type Budget } from "../../core/ledger/budget.ts";
import { windowAt } from "../../core/time/window.ts";
import type { Ending, LedgerStore } from "../../ports/ledger-store.ts";
import { CallJournal, readJournal } from "./call-journal.ts";
import { openSqliteLedgerStore } from "./sqlite-ledger-store.ts";

const AT = Date.parse("2026-11-21T12:00:00Z");
const window = windowAt("month", "UTC", AT);
const change = { actor: "test", action: "budget.set", target: "b", reason: "", before: null, after: null };

function aBudget(more: Partial<Budget> = {}): Budget {
  const limits = {
    limitNano: 1000n,
    window: "month",
    zone: "UTC",
    hard: true,
    onShort: "deny",
    thresholds: [50, 100],
    warnPercent: 80,
  } as const;
  return { ...limits, id: "b", selector: { tenant: "a" }, covers: "all", origin: "api", createdAt: AT, updatedAt: AT, ...more };
}

function anEnding(holdId: string, kind: Ending["kind"], amountNano: bigint, heldNano: bigint, more: Partial<Ending> = {}): Ending {
  const tokens = { inputTokens: 1, outputTokens: 2 };
  return { kind, holdId, accounts: [accountId("b", window)], heldNano, amountNano, ...tokens, at: AT, tenant: "a", trace: "{}", ...more };
}

let folder: string;
let store: LedgerStore | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-store-"));
});
afterEach(async () => {
  await store?.close().catch(() => {});
  store = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function open(more: { maxPages?: number; bootId?: string } = {}): Promise<LedgerStore> {
  store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT, ...more }, () => AT);
  return store;
}

async function withLease(amountNano: bigint): Promise<LedgerStore> {
  const opened = await open();
  await opened.putBudget(aBudget(), change);
  const answer = await opened.lease({ at: AT, wants: [{ budgetId: "b", window, missingNano: amountNano }], create: [] });
  expect(answer.outcome).toBe("granted");
  return opened;
}

/** What kill -9 leaves behind: the file as it is, nothing said to it. */
function leaveBehind(damage: (journal: string) => void = () => {}): void {
  for (const file of readdirSync(folder)) if (file.endsWith(".journal")) damage(join(folder, file));
}

describe("the embedded store", () => {
  it("gives leases up to the limit and says why not beyond it", async () => {
    const opened = await withLease(990n);
    const short = await opened.lease({ at: AT, wants: [{ budgetId: "b", window, missingNano: 11n }], create: [] });
    expect(short).toMatchObject({ outcome: "short", account: { leasedNano: 990n, limitNano: 1000n } });
  });

  it("leases on all accounts of a call or on none", async () => {
    const opened = await withLease(1n);
    await opened.putBudget(aBudget({ id: "small", selector: { team: "t" }, limitNano: 5n }), change);
    const wants = [
      { budgetId: "b", window, missingNano: 10n },
      { budgetId: "small", window, missingNano: 10n },
    ];
    const before = await opened.accounts(["b", "small"], AT);
    wants[0]!.missingNano = 500n;
    expect((await opened.lease({ at: AT, wants, create: [] })).outcome).toBe("short");
    expect(await opened.accounts(["b", "small"], AT)).toEqual(before);
  });

  it("creates a default budget inside the first lease, once, with an audit entry", async () => {
    const opened = await open();
    const due = aBudget({ id: "tenant=a", covers: "rest", origin: "default" });
    const ask = () => opened.lease({ at: AT, wants: [{ budgetId: "tenant=a", window, missingNano: 1n }], create: [due] });
    expect([(await ask()).created.length, (await ask()).created.length]).toEqual([1, 0]);
    expect((await opened.audit(10)).filter((row) => row.action === "budget.create")).toHaveLength(1);
  });

  it("books an ending once, however often it comes", async () => {
    const opened = await withLease(100n);
    const ending = anEnding("h1", "settle", 30n, 80n);
    const answers = await Promise.all([opened.end(ending), opened.end(ending), opened.end(anEnding("h1", "doubt", 0n, 80n))]);
    expect(answers.map((answer) => answer.applied)).toEqual([true, false, false]);
    const [account] = await opened.accounts(["b"], AT);
    expect([account!.spentNano, account!.inDoubtNano]).toEqual([30n, 0n]);
    expect(await opened.readOutbox("request_trace", 10)).toHaveLength(1);
  });

  it("records a threshold once a window, in the transaction that reaches it", async () => {
    const opened = await withLease(900n);
    await opened.end(anEnding("h1", "settle", 400n, 450n));
    await opened.end(anEnding("h2", "settle", 200n, 450n));
    const account = accountId("b", window);
    expect((await opened.crossings([account])).map((crossing) => crossing.percent)).toEqual([50]);
    expect((await opened.readOutbox("alert", 10)).map((row) => JSON.parse(row.payload))).toMatchObject([
      { type: "budget_threshold_crossed", percent: 50 },
    ]);
  });

  it("books a cost above its hold in full, remembers the overrun and alerts", async () => {
    const opened = await withLease(1000n);
    await opened.end(anEnding("h1", "settle", 1200n, 1000n));
    const [account] = await opened.accounts(["b"], AT);
    expect([account!.spentNano, account!.overrunNano]).toEqual([1200n, 200n]);
    const alerts = (await opened.readOutbox("alert", 10)).map((row) => (JSON.parse(row.payload) as { type: string }).type);
    expect(alerts).toEqual(expect.arrayContaining(["budget_overrun", "hold_exceeded"]));
    expect((await opened.verify()).findings).toEqual([]);
  });

  it("tells a second process that the folder is in use", async () => {
    await open();
    await expect(openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: AT }, () => AT)).rejects.toMatchObject({
      code: "data_dir_in_use",
    });
  });

  it("says that a file which is no ledger cannot be used, and leaves it alone", async () => {
    writeFileSync(join(folder, "ledger.sqlite"), "this is not a database, it is a diary, and a long one at that ".repeat(20));
    await expect(open()).rejects.toMatchObject({ code: "data_corrupt" });
    expect(readFileSync(join(folder, "ledger.sqlite"), "utf8")).toContain("diary");
  });
});

describe("a full disk", () => {
  it("refuses what it cannot write, loses nothing that was acknowledged, and goes on when there is room", async () => {
    const opened = await open({ maxPages: 80 });
    await opened.putBudget(aBudget({ limitNano: 1_000_000n }), change);
    await opened.lease({ at: AT, wants: [{ budgetId: "b", window, missingNano: 900_000n }], create: [] });
    let acknowledged = 0n;
    let refused: unknown;
    for (let number = 0; number < 500 && !refused; number++) {
      try {
        await opened.end(anEnding(`h${number}`, "settle", 1n, 1n, { trace: JSON.stringify({ padding: "x".repeat(2000) }) }));
        acknowledged += 1n;
      } catch (error) {
        refused = error;
      }
    }
    expect(refused).toMatchObject({ code: "store_unavailable" });
    expect(acknowledged).toBeGreaterThan(0n);
    const [account] = await opened.accounts(["b"], AT);
    expect(account!.spentNano).toBe(acknowledged);
    await opened.ackOutbox((await opened.readOutbox("request_trace", 1000)).map((row) => row.seq));
    expect((await opened.end(anEnding("after", "settle", 1n, 1n))).applied).toBe(true);
    expect((await opened.verify()).findings).toEqual([]);
  });
});

describe("after kill -9", () => {
  async function killed(
    damage?: (journal: string) => void,
    bootId = "boot-1",
    more: (journal: CallJournal) => Promise<void> = async () => {},
  ) {
    // A child of its own would be the honest way (test/journeys/kill-it.test.ts); here the worker thread dies with its file open.
    const opened = await withLease(500n);
    const journal = new CallJournal(folder, opened.epoch);
    const hold = { at: AT, scope: { tenant: "a", provider: "p", model: "m" }, accounts: [accountId("b", window)] };
    await journal.hold({ ...hold, holdId: "ended", amountNano: 100n });
    await journal.hold({ ...hold, holdId: "lost", amountNano: 150n });
    await opened.end(anEnding("ended", "settle", 40n, 100n));
    await more(journal);
    await (opened as unknown as { crash(): Promise<void> }).crash();
    store = undefined;
    leaveBehind(damage);
    return await open({ bootId });
  }

  it("puts the hold without an ending in doubt and gives the rest of the lease back", async () => {
    const opened = await killed();
    expect(opened.recovery).toMatchObject({ deadProcesses: 1, holdsInDoubt: 1, inDoubtNano: 150n, journalDamaged: false });
    const [account] = await opened.accounts(["b"], AT);
    expect([account!.spentNano, account!.inDoubtNano, account!.leasedNano]).toEqual([40n, 150n, 0n]);
    expect((await opened.holdsInDoubt(10)).map((hold) => hold.holdId)).toEqual(["lost"]);
    expect((await opened.verify()).findings).toEqual([]);
  });

  it("knows of a call in doubt whose it was, and which model of which provider it asked", async () => {
    const opened = await killed();
    const [, lost] = await opened.readOutbox("request_trace", 10);
    expect(JSON.parse(lost!.payload)).toMatchObject({ tenant: "a", provider: "p", model_id: "m", cost_basis: "in_doubt" });
  });

  it("books an ending that only the journal knows, once, however often it was written there", async () => {
    const opened = await killed(undefined, "boot-1", async (journal) => {
      const { kind, holdId, amountNano, inputTokens, outputTokens } = anEnding("lost", "settle", 70n, 150n);
      const ending = { holdId, amountNano, inputTokens, outputTokens, trace: '{"trace_id":"lost"}' };
      await journal.ending({ ...ending, kind });
      await journal.ending({ ...ending, kind: "doubt" });
    });
    expect(opened.recovery).toMatchObject({ endingsBooked: 1, holdsInDoubt: 0, journalDamaged: false });
    const [account] = await opened.accounts(["b"], AT);
    expect([account!.spentNano, account!.inDoubtNano, account!.leasedNano]).toEqual([110n, 0n, 0n]);
    expect((await opened.readOutbox("request_trace", 10)).map((row) => row.payload)).toContain('{"trace_id":"lost"}');
    expect((await opened.verify()).findings).toEqual([]);
  });

  it("finds the calls of a process that had to stop before they ended", async () => {
    const opened = await withLease(500n);
    const journal = new CallJournal(folder, opened.epoch);
    await journal.hold({ at: AT, scope: { tenant: "a" }, accounts: [accountId("b", window)], holdId: "late", amountNano: 100n });
    journal.close();
    await opened.close(false);
    expect((await open()).recovery).toMatchObject({ deadProcesses: 1, holdsInDoubt: 1, inDoubtNano: 100n });
  });

  it("ignores a torn last record of the journal: its call was never sent", async () => {
    const opened = await killed((journal) => appendFileSync(journal, "deadbeef\thalf a rec"));
    expect(opened.recovery).toMatchObject({ holdsInDoubt: 1, inDoubtNano: 150n, journalDamaged: false });
  });

  it("puts the whole lease in doubt when a record before the last is damaged: holds may be missing", async () => {
    const opened = await killed((journal) => writeFileSync(journal, readFileSync(journal, "utf8").replace("ended", "enDed")));
    const [account] = await opened.accounts(["b"], AT);
    expect(opened.recovery.journalDamaged).toBe(true);
    expect([account!.spentNano, account!.inDoubtNano + account!.leasedNano > 150n, account!.leasedNano]).toEqual([40n, true, 0n]);
    expect((await opened.verify()).findings).toEqual([]);
  });

  it("puts the whole lease in doubt when the machine itself went down: the journal's end may be lost with it", async () => {
    const opened = await killed(undefined, "boot-2");
    expect(opened.recovery.journalDamaged).toBe(true);
    expect((await opened.verify()).findings).toEqual([]);
  });
});

describe("verify", () => {
  async function tampered(sql: string): Promise<readonly string[]> {
    const opened = await withLease(500n);
    await opened.end(anEnding("h1", "settle", 30n, 80n));
    await opened.end(anEnding("h2", "settle", 30n, 80n));
    await opened.close();
    const database = new DatabaseSync(join(folder, "ledger.sqlite"));
    database.exec(sql);
    database.close();
    return (await (await open()).verify()).findings;
  }

  it.each([
    ["a balance that no entry explains", "UPDATE account SET spent_nano = spent_nano + 1", /spent is/],
    ["an entry that was changed", "UPDATE entry SET amount_nano = 1 WHERE ref = 'h1'", /does not match its hash/],
    ["an entry that was taken out", "DELETE FROM entry WHERE ref = 'h1'", /missing/],
    ["an audit row that was changed", "UPDATE audit SET actor = 'somebody else'", /Audit row 1 does not match/],
    [
      "a hold in doubt that nobody counts",
      "INSERT INTO hold_in_doubt VALUES ('x', 'a', 'b@2026-11-01T00:00:00.000Z', 5, 0, '', NULL)",
      /in doubt/,
    ],
  ])("finds %s", async (_what, sql, finding) => {
    expect((await tampered(sql)).join(" ")).toMatch(finding);
  });
});

describe("the journal of calls", () => {
  it("begins a new file with the calls not yet stored when the old one has grown", async () => {
    const journal = new CallJournal(folder, 7, 300);
    for (let number = 0; number < 50; number++) {
      const holdId = `h${number}`;
      await journal.hold({ holdId, at: AT, scope: { tenant: "a\tb" }, amountNano: 5n, accounts: ["x", "y"] });
      await journal.ending({ holdId, kind: "settle", amountNano: 3n, inputTokens: 1, outputTokens: 2, trace: null });
      if (number !== 3) journal.forget(holdId);
    }
    const { holds, endings, whole } = readJournal(folder, 7);
    expect(whole).toBe(true);
    expect(holds.map((hold) => hold.holdId)).toContain("h3");
    expect(endings.get("h3")).toMatchObject({ kind: "settle", amountNano: 3n });
    expect(holds.length).toBeLessThan(20);
    expect(holds[0]).toMatchObject({ scope: { tenant: "a\tb" }, amountNano: 5n, accounts: ["x", "y"] });
    expect(readdirSync(folder).filter((file) => file.endsWith(".journal"))).toHaveLength(1);
  });
});
