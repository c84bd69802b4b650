import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { accountId } from "../../core/ledger/budget.ts";
import type { LedgerStore, StoreFindings } from "../../ports/ledger-store.ts";
import { breakableStore } from "./breakable-store-test-kit.ts";
import { BudgetCatalog, type RunDefaults } from "./budget-catalog.ts";
import { CallJournal } from "./call-journal.ts";
import { KeyRing } from "./key-ring.ts";
import { type HoldResult, LeaseDesk } from "./lease-desk.ts";
import { AT, aBudget, anEnding, CHANGE, crash, WINDOW } from "./ledger-store-conformance.ts";
import { LeverBoard } from "./lever-board.ts";
import { ProcessLife, RECALL_POLL_MS } from "./process-life.ts";

/** A ledger that several processes can open, each with a folder of its own for its journal. */
export interface SharedLedgerUnderTest {
  empty(folder: string): Promise<void>;
  open(journalFolder: string, more: { name: string; bootId: string; doesJobs: boolean }): Promise<LedgerStore>;
  /** Longer than a process may be silent. */
  passTime(): Promise<void>;
  dispose(): Promise<void>;
}

interface OneProcess {
  readonly store: LedgerStore;
  readonly desk: LeaseDesk;
  readonly catalog: BudgetCatalog;
  readonly keys: KeyRing;
  readonly life: ProcessLife;
  readonly journal: CallJournal;
  readonly polling: NodeJS.Timeout;
}

const ACCOUNT = accountId("b", WINDOW);
const SCOPE = { tenant: "a", provider: "p", model: "m" };

/** What holds on any store that several processes lease from (docs/concepts/lease-protocol.md). */
export function severalProcessesConformance(name: string, prepare: () => Promise<SharedLedgerUnderTest>): void {
  describe(`several processes on ${name}`, () => {
    let subject: SharedLedgerUnderTest;
    let folder: string;
    let running: OneProcess[] = [];

    beforeAll(async () => {
      subject = await prepare();
    });
    afterAll(() => subject?.dispose());
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "ballast-processes-"));
      await subject.empty(folder);
    });
    afterEach(async () => {
      for (const { store, journal, polling } of running) {
        clearInterval(polling);
        journal.abandon();
        await store.close(false).catch(() => {});
      }
      running = [];
      rmSync(folder, { recursive: true, force: true });
    });

    interface StartOptions {
      bootId?: string;
      doesJobs?: boolean;
      recallWaitMs?: number;
      runs?: RunDefaults;
      /** Whether the process cannot reach the store now. */
      isCutOff?: () => boolean;
    }

    async function start(place: string, more: StartOptions = {}): Promise<OneProcess> {
      const journals = join(folder, place);
      const own = await subject.open(journals, { name: place, bootId: more.bootId ?? "boot-1", doesJobs: more.doesJobs ?? true });
      const store = more.isCutOff ? breakableStore(own, more.isCutOff) : own;
      const catalog = await BudgetCatalog.open(store, null, more.runs);
      const keys = await KeyRing.open(store, () => AT);
      const journal = new CallJournal(journals, store.epoch);
      const beforeRetry = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
      const desk = new LeaseDesk({ store, catalog, journal, beforeRetry, recallWaitMs: more.recallWaitMs ?? 2000 });
      const life = new ProcessLife({ store, budgets: catalog, keys, desk, levers: new LeverBoard(), log: { warn: () => {} } });
      const polling = setInterval(() => void life.answerRecalls().catch(() => {}), RECALL_POLL_MS);
      const process = { store: own, desk, catalog, keys, life, journal, polling };
      running.push(process);
      return process;
    }

    async function startBoth(limitNano = 1000n): Promise<[OneProcess, OneProcess]> {
      const first = await start("one");
      await first.catalog.put(aBudget({ limitNano }), CHANGE);
      const second = await start("two");
      return [first, second];
    }

    const hold = ({ desk }: OneProcess, id: string, amountNano: bigint) => desk.hold(id, [SCOPE], amountNano, AT);
    const end = ({ desk }: OneProcess, id: string, amountNano: bigint, heldNano: bigint) =>
      desk.end(anEnding(id, "settle", amountNano, heldNano));
    const findings = async ({ store }: OneProcess) => ((await store.verify()) as StoreFindings).findings;
    const account = async ({ store }: OneProcess) => (await store.accounts(["b"], AT))[0]!;
    const outcome = (result: HoldResult) => result.outcome;

    /** The first heartbeat after a silence only tells that one lives; the second one judges. */
    /** News that comes late may have the silent one heard of again meanwhile: then it must be silent once more. */
    async function silenceIsNoticedBy({ life, store }: OneProcess): Promise<void> {
      for (let turn = 0; turn < 5; turn++) {
        await subject.passTime();
        await life.beat();
        const { expired } = await store.beat({ version: store.version });
        if (expired.length > 0) break;
      }
      await life.beat();
    }

    async function die(process: OneProcess): Promise<void> {
      running.splice(running.indexOf(process), 1);
      clearInterval(process.polling);
      await crash(process.store);
      process.journal.abandon();
    }

    it("have each a folder of their own", async () => {
      await start("one");
      await expect(start("one")).rejects.toMatchObject({ code: "data_dir_in_use" });
      await start("two");
    });

    it("never hold more together than the limit, however they race", async () => {
      const [first, second] = await startBoth(100n);
      const third = await start("three");
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, call) => hold([first, second, third][call % 3]!, `h${call}`, 7n).then(outcome)),
      );
      expect(results.filter((each) => each === "held")).toHaveLength(14);
      const { leasedNano, limitNano } = await account(first);
      expect(leasedNano <= limitNano).toBe(true);
      expect(await findings(second)).toEqual([]);
    });

    it("give back what lies idle before another one's call is refused", async () => {
      const [first, second] = await startBoth();
      await hold(first, "h1", 10n);
      expect((await account(first)).leasedNano).toBeGreaterThan(10n);
      expect(outcome(await hold(second, "h2", 990n))).toBe("held");
      expect(await account(second)).toMatchObject({ leasedNano: 1000n });
      const refused = await hold(first, "h3", 1n);
      expect(refused).toMatchObject({ outcome: "refused", awaited: [], account: { heldNano: 1000n, freeNano: 0n } });
      expect(await findings(second)).toEqual([]);
    });

    it("give back what falls idle while another one's call waits", async () => {
      const [first, second] = await startBoth();
      await hold(first, "h1", 600n);
      const stuck = await start("stuck");
      await stuck.store.lease({ at: AT, wants: [{ budgetId: "b", window: WINDOW, missingNano: 10n }], create: [] });
      const waiting = hold(second, "h2", 900n);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await end(first, "h1", 5n, 600n);
      expect(outcome(await waiting)).toBe("held");
    });

    it("give back what lies idle also when it is not known to be leased, since the answer of a return was lost", async () => {
      const [first, second] = await startBoth();
      await hold(first, "h1", 10n);
      vi.spyOn(first.store, "giveBack").mockRejectedValueOnce(new Error("the connection was lost"));
      await expect(first.desk.giveBackIdle("all", AT)).rejects.toThrow("lost");
      expect((await account(first)).leasedNano).toBeGreaterThan(10n);
      expect(outcome(await hold(second, "h2", 990n))).toBe("held");
      vi.spyOn(first.store, "giveBack").mockRejectedValueOnce(new Error("the connection was lost"));
      await end(first, "h1", 4n, 10n);
      await expect.poll(() => first.desk.openHolds()).toBe(0);
      await first.desk.giveBackIdle("all", AT).catch(() => {});
      await first.desk.giveBackIdle("all", AT);
      expect(await account(second)).toMatchObject({ spentNano: 4n, leasedNano: 990n });
      expect(await findings(second)).toEqual([]);
    });

    it("ask others also when only together with what fell idle here meanwhile they can carry the call", async () => {
      const [first, second] = await startBoth();
      await hold(second, "s", 300n);
      await end(second, "s", 0n, 300n);
      await expect.poll(() => second.desk.openHolds()).toBe(0);
      // The lease for the small call leaves 33 idle here, 657 in the account and 300 with the other; the large one asks before it knows.
      const calls = [hold(first, "small", 10n), hold(first, "large", 980n)];
      expect((await Promise.all(calls)).map(outcome)).toEqual(["held", "held"]);
      expect(await findings(second)).toEqual([]);
    });

    it("refuse after the wait, and say which process did not answer", async () => {
      const first = await start("one");
      await first.catalog.put(aBudget({ limitNano: 1000n }), CHANGE);
      const second = await start("two", { recallWaitMs: 120 });
      const silent = await start("silent");
      // Leased behind its desk's back, so that nobody answers for it.
      await silent.store.lease({ at: AT, wants: [{ budgetId: "b", window: WINDOW, missingNano: 100n }], create: [] });
      const startedAt = performance.now();
      expect(await hold(second, "h1", 950n)).toMatchObject({ outcome: "refused", awaited: ["silent"] });
      expect(performance.now() - startedAt).toBeGreaterThan(100);
    });

    it("ask for nothing back that could not help", async () => {
      const [first, second] = await startBoth();
      await hold(first, "h1", 100n);
      const heard: unknown[] = [];
      first.store.onNews((news) => heard.push(news));
      expect(outcome(await hold(second, "h2", 1001n))).toBe("refused");
      expect(heard).toEqual([]);
    });

    it("take one that is silent for dead: what it leased is in doubt, and it leases, books and gives back nothing under its number", async () => {
      const [first, second] = await startBoth();
      await hold(first, "h1", 100n);
      const { leasedNano } = await account(first);
      await silenceIsNoticedBy(second);
      expect(await account(second)).toMatchObject({ leasedNano: 0n, inDoubtNano: leasedNano, spentNano: 0n });
      expect(await second.store.holdsInDoubt(10)).toMatchObject([{ heldNano: leasedNano }]);
      const fenced = { code: "process_fenced" };
      const lease = { at: AT, wants: [{ budgetId: "b", window: WINDOW, missingNano: 1n }], create: [] };
      await expect(first.store.lease(lease)).rejects.toMatchObject(fenced);
      await expect(first.store.giveBack([{ account: ACCOUNT, amountNano: 1n }])).rejects.toMatchObject(fenced);
      await expect(first.store.end(anEnding("h1", "settle", 40n, 100n))).rejects.toMatchObject(fenced);
      await expect(first.store.leases()).rejects.toMatchObject(fenced);
      expect(await findings(second)).toEqual([]);
    });

    it("that come back report their journal: what ended is booked, what is under way ends later, the rest is free", async () => {
      const [first, second] = await startBoth();
      await hold(first, "ended", 100n);
      await hold(first, "open", 50n);
      const before = first.store.epoch;
      await silenceIsNoticedBy(second);
      // The ending is in the journal, and the store refuses it under the old number.
      await end(first, "ended", 30n, 100n);
      await first.life.beat();
      expect(first.store.epoch).toBeGreaterThan(before);
      await expect.poll(() => account(second)).toMatchObject({ leasedNano: 0n, inDoubtNano: 50n, spentNano: 30n });
      await expect.poll(() => first.desk.openHolds()).toBe(1);
      expect(outcome(await hold(first, "new", 920n))).toBe("held");
      await end(first, "open", 20n, 50n);
      await expect.poll(() => account(second)).toMatchObject({ inDoubtNano: 0n, spentNano: 50n, leasedNano: 920n });
      await end(first, "new", 900n, 920n);
      await expect.poll(() => first.desk.openHolds()).toBe(0);
      expect(await account(second)).toMatchObject({ spentNano: 950n, inDoubtNano: 0n });
      expect(await findings(second)).toEqual([]);
    });

    it("that learn of it from a call go on with it under the new number", async () => {
      const [first, second] = await startBoth();
      await hold(first, "open", 300n);
      await silenceIsNoticedBy(second);
      const results = await Promise.all(Array.from({ length: 8 }, (_, call) => hold(first, `h${call}`, 80n).then(outcome)));
      expect(results.filter((each) => each === "held")).toHaveLength(8);
      await Promise.all(Array.from({ length: 8 }, (_, call) => end(first, `h${call}`, 70n, 80n)));
      await end(first, "open", 100n, 300n);
      await expect.poll(() => first.desk.openHolds()).toBe(0);
      expect(await account(second)).toMatchObject({ spentNano: 660n, inDoubtNano: 0n });
      expect(await findings(second)).toEqual([]);
    });

    it("that die are recovered from their journal at the next start, after they were taken for dead", async () => {
      const [first, second] = await startBoth();
      await hold(first, "ended", 100n);
      await hold(first, "open", 50n);
      await first.journal.ending(anEnding("ended", "settle", 30n, 100n));
      await die(first);
      await silenceIsNoticedBy(second);
      expect((await account(second)).inDoubtNano).toBeGreaterThan(150n);
      const again = await start("one");
      expect(again.store.recovery).toMatchObject({
        deadProcesses: 1,
        endingsBooked: 1,
        holdsInDoubt: 1,
        inDoubtNano: 50n,
        journalDamaged: false,
      });
      expect(await account(second)).toMatchObject({ spentNano: 30n, inDoubtNano: 50n, leasedNano: 0n });
      expect(await findings(second)).toEqual([]);
    });

    it("that die are left alone by processes of another place until they are silent for long", async () => {
      const [first] = await startBoth();
      await hold(first, "open", 50n);
      const { leasedNano } = await account(first);
      await die(first);
      const third = await start("three");
      expect(third.store.recovery).toMatchObject({ deadProcesses: 0 });
      expect(await account(third)).toMatchObject({ leasedNano, inDoubtNano: 0n });
    });

    it("keep the whole lease in doubt when the machine went down with the journal's end", async () => {
      const [first, second] = await startBoth();
      await hold(first, "open", 50n);
      const { leasedNano } = await account(first);
      await die(first);
      await silenceIsNoticedBy(second);
      const again = await start("one", { bootId: "boot-2" });
      expect(again.store.recovery).toMatchObject({ journalDamaged: true, givenBackNano: 0n });
      expect(await account(second)).toMatchObject({ inDoubtNano: leasedNano, leasedNano: 0n });
      expect(await findings(second)).toEqual([]);
    });

    it("keep holds in the sum in doubt when the journal is damaged, since they may have ended and lent their rest to others", async () => {
      const [first, second] = await startBoth();
      await hold(first, "h1", 600n);
      vi.spyOn(first.store, "end").mockReturnValue(new Promise(() => {}));
      await end(first, "h1", 5n, 600n);
      // Both holds together are more than what is leased: the first one's ending made room for the second.
      expect(outcome(await hold(first, "h2", 590n))).toBe("held");
      const { leasedNano } = await account(first);
      await die(first);
      const file = join(folder, "one", readdirSync(join(folder, "one")).find((name) => name.endsWith(".journal"))!);
      writeFileSync(file, readFileSync(file, "utf8").replace("\tsettle\th1", "\tsettle\th?"));
      const again = await start("one");
      expect(again.store.recovery).toMatchObject({ journalDamaged: true, givenBackNano: 0n, endingsBooked: 0 });
      expect(await account(second)).toMatchObject({ leasedNano: 0n, inDoubtNano: leasedNano, spentNano: 0n });
      const [sum, ...others] = await second.store.holdsInDoubt(10);
      expect(others).toEqual([]);
      expect(sum).toMatchObject({ heldNano: leasedNano });
      expect(await findings(second)).toEqual([]);
    });

    it("leave what an operator has explained as they explained it", async () => {
      const [first, second] = await startBoth();
      await hold(first, "h1", 50n);
      await first.journal.ending(anEnding("h1", "settle", 30n, 50n));
      await die(first);
      await silenceIsNoticedBy(second);
      const [lost] = await second.store.holdsInDoubt(10);
      await second.store.resolveDoubt({ holdId: lost!.holdId, amountNano: 31n, at: AT, actor: "op", reason: "the bill" });
      const again = await start("one");
      expect(again.store.recovery).toMatchObject({ deadProcesses: 0, endingsBooked: 0 });
      expect(await account(second)).toMatchObject({ spentNano: 31n, inDoubtNano: 0n, leasedNano: 0n });
      expect(await findings(second)).toEqual([]);
    });

    it("end a call once that was resolved by an operator before its late end", async () => {
      const [first, second] = await startBoth();
      await hold(first, "open", 50n);
      await silenceIsNoticedBy(second);
      await first.life.beat();
      await second.store.resolveDoubt({ holdId: "open", amountNano: 50n, at: AT, actor: "op", reason: "the bill" });
      await end(first, "open", 20n, 50n);
      await expect.poll(() => first.desk.openHolds()).toBe(0);
      expect(await account(second)).toMatchObject({ spentNano: 50n, inDoubtNano: 0n });
      expect(await findings(second)).toEqual([]);
    });

    it("end what a former number left open also when they die in between", async () => {
      const [first, second] = await startBoth();
      await hold(first, "open", 50n);
      await silenceIsNoticedBy(second);
      await first.life.beat();
      await first.journal.ending(anEnding("open", "settle", 20n, 50n));
      await die(first);
      const again = await start("one");
      expect(again.store.recovery).toMatchObject({ endingsBooked: 1 });
      expect(await account(second)).toMatchObject({ spentNano: 20n, inDoubtNano: 0n });
      expect(await findings(second)).toEqual([]);
    });

    it("learn of budgets and keys that others change", async () => {
      const [first, second] = await startBoth();
      await second.life.beat();
      await first.catalog.put(aBudget({ limitNano: 5n, updatedAt: AT + 1 }), CHANGE);
      const made = await first.keys.create({ name: "k", scope: { tenant: "a" }, mayName: [], models: [], expiresAt: null }, "op");
      await second.life.beat();
      expect(second.catalog.get("b")).toMatchObject({ limitNano: 5n });
      expect(second.keys.find(made.secret)).toMatchObject({ id: made.key.id });
      expect(outcome(await hold(second, "h1", 6n))).toBe("refused");
    });

    it("learn of a run's budget what others change of it, where its calls are known, and nothing when it is made", async () => {
      const limits = { limitNano: 100n, hard: true, onShort: "deny", thresholds: [], warnPercent: 80 } as const;
      const [first, second] = [await start("one", { runs: { budget: limits } }), await start("two", { runs: { budget: limits } })];
      const scope = { ...SCOPE, run: "r" };
      const run = "tenant=a,run=r,window=run";
      const { version } = await second.store.beat({ version: 0 });
      expect(outcome(await first.desk.hold("h1", [scope], 90n, AT))).toBe("held");
      expect(await second.store.beat({ version })).toMatchObject({ version, budgets: [] });
      const raise = {
        id: "r1",
        budgetId: run,
        amountNano: 50n,
        beginsAt: AT,
        endsAt: AT + 1000,
        approver: "op",
        reason: "more",
        createdAt: AT,
      };
      await second.catalog.renew((await second.store.raiseBudget(raise, "op")).budgets);
      await first.life.beat();
      expect([first.catalog.get(run)?.raisedNano, second.catalog.get(run)]).toEqual([50n, undefined]);
      expect(outcome(await second.desk.hold("h2", [scope], 50n, AT))).toBe("held");
      expect(outcome(await first.desk.hold("h3", [scope], 20n, AT))).toBe("refused");
      await second.catalog.put({ ...second.catalog.get(run)!, limitNano: 500n, origin: "api" }, CHANGE);
      await first.life.beat();
      expect(first.catalog.lasting().map(({ id, limitNano }) => [id, limitNano])).toEqual([[run, 500n]]);
      expect(outcome(await first.desk.hold("h4", [scope], 20n, AT))).toBe("held");
      expect(await findings(first)).toEqual([]);
    });

    it("that are cut off serve from their leases where budgets want that, and book it when they are back", async () => {
      let isCutOff = false;
      const first = await start("one", { isCutOff: () => isCutOff });
      await first.catalog.put(aBudget({ limitNano: 1000n, onStoreDown: "serve_from_lease" }), CHANGE);
      const second = await start("two");
      await hold(first, "before", 10n);
      await end(first, "before", 10n, 10n);
      await expect.poll(() => first.desk.openHolds()).toBe(0);
      const { leasedNano } = await account(second);
      isCutOff = true;
      await silenceIsNoticedBy(second);
      let servedNano = 0n;
      const serve = async () => {
        for (; servedNano <= 1000n; servedNano += 10n) {
          await hold(first, `h${servedNano}`, 10n);
          await end(first, `h${servedNano}`, 10n, 10n);
        }
      };
      await expect(serve()).rejects.toMatchObject({ code: "lease_used_up" });
      expect(servedNano).toBe((leasedNano / 10n) * 10n);
      expect(servedNano).toBeGreaterThan(0n);
      expect(outcome(await hold(second, "rest", 1000n - 10n - leasedNano))).toBe("held");
      expect(outcome(await hold(second, "more", 1n))).toBe("refused");
      isCutOff = false;
      await first.life.beat();
      await expect.poll(() => account(second)).toMatchObject({ spentNano: 10n + servedNano, inDoubtNano: 0n, overrunNano: 0n });
      await expect.poll(() => first.desk.openHolds()).toBe(0);
      expect(outcome(await hold(first, "after", leasedNano - servedNano))).toBe("held");
      expect(await findings(second)).toEqual([]);
    });

    it("take nobody for dead when they were not heard of themselves: it is the store that was slow", async () => {
      const [first, second] = await startBoth();
      expect((await hold(first, "open", 100n)).outcome).toBe("held");
      const epochs = [first.store.epoch, second.store.epoch];
      await subject.passTime();
      await second.life.beat();
      await first.life.beat();
      for (const { life } of [second, first, second]) await life.beat();
      expect([first.store.epoch, second.store.epoch]).toEqual(epochs);
      expect(await account(second)).toMatchObject({ inDoubtNano: 0n });
    });

    it("find a key that another one has just made, when it is asked for and before it is refused", async () => {
      const [first, second] = await startBoth();
      const made = await first.keys.create({ name: "k", scope: { tenant: "a" }, mayName: [], models: [], expiresAt: null }, "op");
      await Promise.all(Array.from({ length: 20 }, () => second.life.catchUp()));
      expect(second.keys.find(made.secret)).toMatchObject({ id: made.key.id });
    });

    it("find such a key in the same question with which a process that was taken for dead comes back", async () => {
      let isCutOff = false;
      const first = await start("one");
      const second = await start("two", { isCutOff: () => isCutOff });
      const before = second.store.epoch;
      // News that comes late must not let it be heard of meanwhile.
      isCutOff = true;
      await silenceIsNoticedBy(first);
      const made = await first.keys.create({ name: "k", scope: { tenant: "a" }, mayName: [], models: [], expiresAt: null }, "op");
      isCutOff = false;
      await second.life.catchUp();
      expect(second.store.epoch).toBeGreaterThan(before);
      expect(second.keys.find(made.secret)).toMatchObject({ id: made.key.id });
    });

    it("create a new tenant's budget once, whoever is first", async () => {
      const [first, second] = await startBoth();
      const due = aBudget({ id: "tenant=n", selector: { tenant: "n" }, covers: "rest", origin: "default" });
      const ask = (from: OneProcess) =>
        from.store.lease({ at: AT, wants: [{ budgetId: "tenant=n", window: WINDOW, missingNano: 1n }], create: [due] });
      const answers = await Promise.all([ask(first), ask(second)]);
      expect(answers.map(({ created }) => created.length)).toEqual([1, 1]);
      expect((await first.store.audit(10)).filter((row) => row.action === "budget.create")).toHaveLength(1);
    });

    it("leave to the oldest that does jobs what one does for all", async () => {
      const helper = await start("helper", { doesJobs: false });
      const first = await start("one");
      const second = await start("two");
      for (const { life } of [helper, first, second]) await life.beat();
      expect([helper, first, second].map(({ life }) => life.leads)).toEqual([false, true, false]);
      await die(first);
      await silenceIsNoticedBy(helper);
      await second.life.beat();
      await second.life.beat();
      expect(second.life.leads).toBe(true);
    });

    it("see that an Idempotency-Key is in use elsewhere, and that it was when its process is dead", async () => {
      const [first, second] = await startBoth();
      const claim = { keyId: "k", key: "i", fingerprint: "f", at: AT, expiresAt: AT + 1000 };
      expect(await first.store.claimIdempotency(claim)).toEqual({ state: "claimed" });
      expect(await second.store.claimIdempotency(claim)).toEqual({ state: "running" });
      await die(first);
      await silenceIsNoticedBy(second);
      expect(await second.store.claimIdempotency(claim)).toEqual({ state: "in_doubt" });
    });
  });
}
