import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { accountId, type Budget } from "../../core/ledger/budget.ts";
import { windowAt } from "../../core/time/window.ts";
import type { Ending, LedgerStore } from "../../ports/ledger-store.ts";
import { CallJournal } from "./call-journal.ts";

/** A ledger to be tried: every test has an empty one, with a folder of its own for the journal. */
export interface LedgerStoreUnderTest {
  /** Before each test: what was there is gone. */
  empty(folder: string): Promise<void>;
  open(more?: { bootId?: string }): Promise<LedgerStore>;
  /** Changes the tables behind the store's back. */
  tamper(sql: string): Promise<void>;
  dispose(): Promise<void>;
}

export const AT = Date.parse("2026-11-21T12:00:00Z");
export const WINDOW = windowAt("month", "UTC", AT);
export const CHANGE = { actor: "test", action: "budget.set", target: "b", reason: "", before: null, after: null };

export function aBudget(more: Partial<Budget> = {}): Budget {
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

export function anEnding(holdId: string, kind: Ending["kind"], amountNano: bigint, heldNano: bigint, more: Partial<Ending> = {}): Ending {
  const tokens = { inputTokens: 1, outputTokens: 2 };
  return { kind, holdId, accounts: [accountId("b", WINDOW)], heldNano, amountNano, ...tokens, at: AT, tenant: "a", trace: "{}", ...more };
}

/** As kill -9 would: the thread that writes is gone, its tables and files are as they were. */
export async function crash(store: LedgerStore): Promise<void> {
  await (store as unknown as { crash(): Promise<void> }).crash();
}

/** What every ledger does, with the journal of calls beside it. */
export function ledgerStoreConformance(name: string, prepare: () => Promise<LedgerStoreUnderTest>): void {
  describe(`${name} as a ledger`, () => {
    let subject: LedgerStoreUnderTest;
    let folder: string;
    let store: LedgerStore | undefined;

    beforeAll(async () => {
      subject = await prepare();
    });
    afterAll(() => subject?.dispose());
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "ballast-store-"));
      await subject.empty(folder);
    });
    afterEach(async () => {
      await store?.close().catch(() => {});
      store = undefined;
      rmSync(folder, { recursive: true, force: true });
    });

    async function open(more: { bootId?: string } = {}): Promise<LedgerStore> {
      store = await subject.open(more);
      return store;
    }

    async function withLease(amountNano: bigint): Promise<LedgerStore> {
      const opened = await open();
      await opened.putBudget(aBudget(), CHANGE);
      const answer = await opened.lease({ at: AT, wants: [{ budgetId: "b", window: WINDOW, missingNano: amountNano }], create: [] });
      expect(answer.outcome).toBe("granted");
      return opened;
    }

    /** What kill -9 leaves behind: the file as it is, nothing said to it. */
    function leaveBehind(damage: (journal: string) => void = () => {}): void {
      for (const file of readdirSync(folder)) if (file.endsWith(".journal")) damage(join(folder, file));
    }

    describe("leases and endings", () => {
      it("gives leases up to the limit and says why not beyond it", async () => {
        const opened = await withLease(990n);
        const short = await opened.lease({ at: AT, wants: [{ budgetId: "b", window: WINDOW, missingNano: 11n }], create: [] });
        expect(short).toMatchObject({ outcome: "short", account: { leasedNano: 990n, limitNano: 1000n } });
      });

      it("leases on all accounts of a call or on none", async () => {
        const opened = await withLease(1n);
        await opened.putBudget(aBudget({ id: "small", selector: { team: "t" }, limitNano: 5n }), CHANGE);
        const wants = [
          { budgetId: "b", window: WINDOW, missingNano: 10n },
          { budgetId: "small", window: WINDOW, missingNano: 10n },
        ];
        const before = await opened.accounts(["b", "small"], AT);
        wants[0]!.missingNano = 500n;
        expect((await opened.lease({ at: AT, wants, create: [] })).outcome).toBe("short");
        expect(await opened.accounts(["b", "small"], AT)).toEqual(before);
      });

      it("creates a default budget inside the first lease, once, with an audit entry", async () => {
        const opened = await open();
        const due = aBudget({ id: "tenant=a", covers: "rest", origin: "default" });
        const ask = () => opened.lease({ at: AT, wants: [{ budgetId: "tenant=a", window: WINDOW, missingNano: 1n }], create: [due] });
        // Whoever asks for it learns what is stored, also when another process was faster or has forgotten it.
        expect([(await ask()).created, (await ask()).created]).toMatchObject([[due], [due]]);
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

      it("puts in doubt what it cannot hold: an ending that is never written would keep all others waiting, and a start", async () => {
        const opened = await withLease(100n);
        await opened.end(anEnding("absurd", "settle", 10n ** 30n, 60n));
        await opened.end(anEnding("sound", "settle", 30n, 40n));
        expect(await opened.accounts(["b"], AT)).toMatchObject([{ spentNano: 30n, inDoubtNano: 60n }]);
        const reason = "the cost is beyond what the ledger can hold";
        expect(await opened.holdsInDoubt(10)).toMatchObject([{ holdId: "absurd", reason }]);
        const tokens = { inputTokens: 1, outputTokens: 1, fingerprint: "", trace: "{}" };
        const wants = [{ budgetId: "b", window: WINDOW }];
        const track = (amountNano: bigint) =>
          opened.track({ requestId: `r${amountNano}`, at: AT, tenant: "a", wants, create: [], amountNano, ...tokens });
        await track(2n ** 62n - 1000n);
        await expect(track(2000n)).rejects.toMatchObject({ code: "amount_invalid" });
        expect((await opened.verify()).findings).toEqual([]);
      });

      it("records a threshold once a window, in the transaction that reaches it", async () => {
        const opened = await withLease(900n);
        await opened.end(anEnding("h1", "settle", 400n, 450n));
        await opened.end(anEnding("h2", "settle", 200n, 450n));
        const account = accountId("b", WINDOW);
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

      it("says why a hold is in doubt, and tells what the call has to tell, once", async () => {
        const opened = await withLease(100n);
        const ending = anEnding("h1", "doubt", 0n, 100n, { doubt: "unpriced: unknown_usage_unit usage.x", alert: '{"type":"x"}' });
        await opened.end(ending);
        await opened.end(ending);
        expect(await opened.holdsInDoubt(10)).toMatchObject([{ holdId: "h1", reason: "unpriced: unknown_usage_unit usage.x" }]);
        expect((await opened.readOutbox("alert", 10)).map(({ payload }) => payload)).toEqual(['{"type":"x"}']);
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
        const hold = { at: AT, scope: { tenant: "a", provider: "p", model: "m" }, accounts: [accountId("b", WINDOW)] };
        await journal.hold({ ...hold, holdId: "ended", amountNano: 100n });
        await journal.hold({ ...hold, holdId: "lost", amountNano: 150n });
        await opened.end(anEnding("ended", "settle", 40n, 100n));
        await more(journal);
        await crash(opened);
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
        await journal.hold({ at: AT, scope: { tenant: "a" }, accounts: [accountId("b", WINDOW)], holdId: "late", amountNano: 100n });
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
        await subject.tamper(sql);
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

    describe("what it keeps besides money", () => {
      it("claims an Idempotency-Key once, and replays the answer that was kept with the ending", async () => {
        const opened = await withLease(100n);
        const claim = { keyId: "k", key: "x", fingerprint: "f", at: AT, expiresAt: AT + 1000 };
        expect(await opened.claimIdempotency(claim)).toEqual({ state: "claimed" });
        expect(await opened.claimIdempotency(claim)).toEqual({ state: "running" });
        expect(await opened.claimIdempotency({ ...claim, fingerprint: "g" })).toEqual({ state: "conflict" });
        const answer = { status: 200, headers: { a: "b" }, body: new Uint8Array([0, 1, 255]) };
        await opened.end(anEnding("h1", "settle", 30n, 80n, { idempotency: { keyId: "k", key: "x", answer } }));
        const again = await opened.claimIdempotency(claim);
        expect(again).toMatchObject({ state: "answered", answer: { status: 200, headers: { a: "b" } } });
        expect(again.state === "answered" && [...again.answer.body]).toEqual([0, 1, 255]);
        expect(await opened.claimIdempotency({ ...claim, at: AT + 2000, expiresAt: AT + 3000 })).toEqual({ state: "claimed" });
        await opened.dropIdempotency("k", "x");
        expect(await opened.claimIdempotency({ ...claim, at: AT + 2000, expiresAt: AT + 3000 })).toEqual({ state: "claimed" });
      });

      it("makes a run's budget once, and gives it again as it stands to who has forgotten it; it is listed only by name", async () => {
        const opened = await open();
        const life = { start: 0, end: 253_402_214_400_000 };
        const run = aBudget({ id: "run", window: "run", origin: "default", selector: { tenant: "a", run: "r" } });
        const wants = [{ budgetId: "run", window: life, missingNano: 10n }];
        const first = await opened.lease({ at: AT, wants, create: [run] });
        expect(first).toMatchObject({ outcome: "granted", created: [run] });
        const account = first.outcome === "granted" ? first.grants[0]!.account : "";
        await opened.end(anEnding("h1", "settle", 7n, 10n, { accounts: [account] }));
        const again = await opened.lease({ at: AT + 1, wants, create: [{ ...run, limitNano: 1n, createdAt: AT + 1 }] });
        expect(again).toMatchObject({ outcome: "granted", created: [run] });
        expect(await opened.budgets()).toEqual([]);
        expect(await opened.budgetsNamed(["run", "nobody"])).toEqual([run]);
        expect(await opened.accounts(["run"], AT + 1e12)).toMatchObject([{ id: account, spentNano: 7n, window: life }]);
        expect((await opened.audit(10)).map(({ action, target }) => [action, target])).toEqual([["budget.create", "run"]]);
        expect((await opened.verify()).findings).toEqual([]);
      });

      it("finds the answer to the same request under any Idempotency-Key of the same owner, while it is kept", async () => {
        const opened = await withLease(100n);
        const answered = async (key: string, fingerprint: string, status: number, expiresAt: number) => {
          await opened.claimIdempotency({ keyId: "k", key, fingerprint, at: AT, expiresAt });
          const idempotency = { keyId: "k", key, answer: { status, headers: { a: key }, body: new Uint8Array([7]) } };
          await opened.end(anEnding(`hold-${key}`, "settle", 1n, 2n, { idempotency }));
        };
        await answered("x", "f", 200, AT + 1000);
        await answered("y", "f", 200, AT + 2000);
        await answered("z", "f", 409, AT + 3000);
        await opened.claimIdempotency({ keyId: "k", key: "running", fingerprint: "f", at: AT, expiresAt: AT + 4000 });
        const asked = { keyId: "k", fingerprint: "f", at: AT };
        expect(await opened.answerOf(asked)).toMatchObject({ status: 200, headers: { a: "y" } });
        expect(await opened.answerOf({ ...asked, at: AT + 2000 })).toBeUndefined();
        expect(await opened.answerOf({ ...asked, keyId: "other" })).toBeUndefined();
        expect(await opened.answerOf({ ...asked, fingerprint: "g" })).toBeUndefined();
      });

      it("books a tracked request once, and tells another one under the same id", async () => {
        const opened = await open();
        await opened.putBudget(aBudget(), CHANGE);
        const tokens = { inputTokens: 3, outputTokens: 4 };
        const wants = [{ budgetId: "b", window: WINDOW }];
        const request = {
          requestId: "r",
          at: AT,
          tenant: "a",
          wants,
          create: [],
          amountNano: 7n,
          ...tokens,
          fingerprint: "f",
          trace: "{}",
        };
        const answers = [await opened.track(request), await opened.track(request), await opened.track({ ...request, fingerprint: "g" })];
        expect(answers.map((answer) => answer.outcome)).toEqual(["booked", "repeated", "conflict"]);
        expect(await opened.accounts(["b"], AT)).toMatchObject([{ spentNano: 7n, inputTokens: 3n, outputTokens: 4n }]);
        expect(await opened.bookedPerTenant({ start: AT - 1, end: AT + 1 })).toEqual([{ tenant: "a", bookedNano: 7n, traces: 1 }]);
      });

      it("resolves a hold in doubt once, at what it cost, and corrects its trace", async () => {
        const opened = await withLease(100n);
        await opened.end(anEnding("h1", "doubt", 0n, 80n, { trace: '{"trace_id":"h1"}' }));
        const resolve = { holdId: "h1", amountNano: 25n, at: AT, actor: "op", reason: "invoice" };
        expect(await opened.resolveDoubt(resolve)).toMatchObject({ holdId: "h1", heldNano: 80n });
        await expect(opened.resolveDoubt(resolve)).rejects.toMatchObject({ code: "hold_not_found" });
        expect(await opened.accounts(["b"], AT)).toMatchObject([{ spentNano: 25n, inDoubtNano: 0n, leasedNano: 20n }]);
        const traces = (await opened.readOutbox("request_trace", 10)).map((row) => JSON.parse(row.payload));
        expect(traces).toMatchObject([{ trace_id: "h1" }, { trace_id: "h1", unit_cost_usd: "0.000000025", cost_basis: "estimated" }]);
        expect((await opened.verify()).findings).toEqual([]);
      });

      it("hands out the oldest rows of a topic, until they are acknowledged or set aside", async () => {
        const opened = await withLease(1000n);
        const traces = ['{"a":"\\u0000 é 😀"}', '{"b":1}', '{"c":1}'];
        await Promise.all(traces.map((trace, index) => opened.end(anEnding(`h${index}`, "settle", 1n, 1n, { trace }))));
        const path = join(folder, "spool");
        const seqs = await opened.spoolOutbox("request_trace", 2, path);
        expect(readFileSync(path, "utf8").split("\n")).toEqual(traces.slice(0, 2));
        await opened.ackOutbox([seqs[0]!]);
        await opened.parkOutbox([{ seq: seqs[1]!, reason: "not readable" }]);
        expect((await opened.readOutbox("request_trace", 10)).map((row) => row.payload)).toEqual(traces.slice(2));
        expect(await opened.outboxDepth()).toEqual({ waiting: 1, parked: 1 });
      });

      it("keeps facts in order under a topic of their own, over a restart, all of a request or none", async () => {
        const opened = await open();
        await opened.keepFacts(['{"a":1}', '{"b":"é"}']);
        await opened.keepFacts([]);
        await opened.keepFacts(['{"c":3}'], "rating");
        expect((await opened.readOutbox("rating", 10)).map(({ payload }) => payload)).toEqual(['{"c":3}']);
        expect((await opened.readOutbox("fact_usage", 10)).map(({ payload }) => payload)).toEqual(['{"a":1}', '{"b":"é"}']);
        expect(await opened.readOutbox("request_trace", 10)).toEqual([]);
        await opened.close();
        const again = await open();
        expect(await again.readOutbox("fact_usage", 10)).toHaveLength(2);
      });

      it("keeps keys, budgets and the audit log over a restart", async () => {
        const opened = await open();
        await opened.putBudget(aBudget({ configured: "said" }), CHANGE);
        const scope = { tenant: "a" };
        const key = {
          id: "k",
          name: "n",
          hash: "h",
          hint: "bk",
          scope,
          mayName: [],
          models: ["m*"],
          createdAt: AT,
          expiresAt: null,
          revokedAt: null,
        };
        await opened.putKey(key, { ...CHANGE, action: "key.create" });
        await opened.putKey({ ...key, revokedAt: AT }, { ...CHANGE, action: "key.revoke" });
        await opened.close();
        const again = await open();
        expect(again.epoch).toBeGreaterThan(opened.epoch);
        expect(await again.keys()).toEqual([{ ...key, revokedAt: AT }]);
        expect(await again.budgets()).toEqual([aBudget({ raisedNano: 0n, configured: "said" })]);
        expect((await again.audit(10)).map((row) => row.action)).toEqual(["key.revoke", "key.create", "budget.set"]);
        expect((await again.verify()).findings).toEqual([]);
      });

      it("tells how many budgets stand in one answer, whether anything was booked on them or not, in the order they were asked for", async () => {
        const opened = await withLease(400n);
        for (const id of ["d", "c"]) await opened.putBudget(aBudget({ id, zone: "Asia/Tokyo", window: "day" }), CHANGE);
        await opened.lease({ at: AT, wants: [{ budgetId: "d", window: windowAt("day", "Asia/Tokyo", AT), missingNano: 7n }], create: [] });
        await opened.close();
        const again = await open();
        const leased = (await again.accounts(["d", "none", "b", "c"], AT)).map((account) => [account.id, account.leasedNano]);
        const day = "2026-11-20T15:00:00.000Z";
        expect(leased.map(([id]) => id)).toEqual([`d@${day}`, accountId("b", WINDOW), `c@${day}`]);
        expect(leased.map(([, nano]) => nano)).toEqual(
          (await Promise.all(["d", "b", "c"].map((id) => again.accounts([id], AT)))).map(([one]) => one!.leasedNano),
        );
      });

      it("lets a lower limit hold for windows that are open", async () => {
        const opened = await withLease(400n);
        await opened.putBudget(aBudget({ limitNano: 300n, updatedAt: AT + 1 }), CHANGE);
        const short = await opened.lease({ at: AT, wants: [{ budgetId: "b", window: WINDOW, missingNano: 1n }], create: [] });
        expect(short).toMatchObject({ outcome: "short", account: { limitNano: 300n } });
        await opened.giveBack([{ account: accountId("b", WINDOW), amountNano: 400n }]);
        expect(await opened.accounts(["b"], AT)).toMatchObject([{ leasedNano: 0n, limitNano: 300n }]);
        expect((await opened.verify()).findings).toEqual([]);
      });
    });
  });
}
