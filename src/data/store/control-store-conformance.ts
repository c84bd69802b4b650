import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ControlState, PostmortemFacts } from "../../core/policy/decision.ts";
import type { GrantedApproval, RecordedSubject } from "../../ports/control-store.ts";
import type { AuditedChange, LedgerStore } from "../../ports/ledger-store.ts";
import { emptyLedgers } from "./empty-ledgers-test-kit.ts";
import { AT, type LedgerStoreUnderTest } from "./ledger-store-conformance.ts";

const SUBJECT = "use_case:ops é";

export function aControlState(value: number): ControlState {
  const lever = { value, before: 0, failures: 0, appliedAt: AT, probation: { since: AT, until: AT + 600_000 } };
  return { levers: { small_model_share: lever }, reached: ["slo.yaml@0.75"] };
}

export function aControlChange(value: number, more: Partial<RecordedSubject> = {}): RecordedSubject {
  const state = aControlState(value);
  return { subject: SUBJECT, was: 0, state, changes: [audited("lever.apply")], postmortems: [], alerts: [], ...more };
}

function audited(action: string): AuditedChange {
  return { actor: "controller", action, target: `${SUBJECT}/small_model_share`, reason: "because", before: "0", after: "25" };
}

const FACTS: PostmortemFacts = {
  ...{ subject: SUBJECT, threshold: "slo.yaml@1", openedAt: AT, capNano: 9_007_199_254_740_993n, spentNano: 2n },
  ...{ levers: [{ lever: "small_model_share", value: 25, off: 0 }], approvals: ["a"] },
  signals: [{ name: "error_rate", value: 0.002, windowMs: 300_000, samples: 40, observedAt: AT }],
};

const APPROVAL: GrantedApproval = {
  ...{ id: "approval_1", subject: { kind: "use_case", name: "ops é" }, approver: "VP Platform", from: AT, until: AT + 1000 },
  ...{ kind: "exclusion", reason: "security_fix", grantedBy: "admin", grantedAt: AT },
};

/** What every ledger keeps of the controls. */
export function controlStoreConformance(name: string, prepare: () => Promise<LedgerStoreUnderTest>): void {
  describe(`${name} as a store of the controls`, () => {
    const openLedger = emptyLedgers(prepare);
    let store: LedgerStore;

    beforeEach(async () => {
      store = await openLedger();
    });
    afterEach(async () => {
      await store.close();
    });

    const record = (...subjects: RecordedSubject[]) => store.controls.recordTick({ at: AT, switchRevision: 0, subjects });
    const audit = async () => (await store.audit(100)).map(({ action }) => action).reverse();
    const alerts = async () => (await store.readOutbox("alert", 100)).map(({ payload }) => payload);

    it("gives levers and thresholds back after a restart, with the revision of their last change", async () => {
      expect(await record(aControlChange(25))).toMatchObject({ stored: [{ subject: SUBJECT, revision: 1 }], stale: [] });
      await record(aControlChange(50, { was: 1 }));
      await store.close();
      store = await openLedger();
      expect(await store.controls.states()).toEqual([{ subject: SUBJECT, revision: 2, state: aControlState(50) }]);
    });

    it("writes a tick's states, audit entries, postmortems and alerts together, and the audit log stays whole", async () => {
      const told = { alerts: ['{"type":"a"}', '{"type":"b"}'], postmortems: [{ id: "pm_1", facts: FACTS }] };
      await record(aControlChange(25, { ...told, changes: [audited("threshold.reached"), audited("lever.apply")] }));
      expect(await audit()).toEqual(["threshold.reached", "lever.apply"]);
      expect(await alerts()).toEqual(['{"type":"a"}', '{"type":"b"}']);
      expect(await store.controls.postmortems(10)).toEqual([
        { id: "pm_1", facts: FACTS, state: "open", text: "", closedBy: null, closedAt: null },
      ]);
      expect((await store.verify()).findings).toEqual([]);
    });

    it("writes nothing of a subject that somebody changed since it was read, and says so", async () => {
      await record(aControlChange(25));
      const late = aControlChange(50, { alerts: ['{"type":"late"}'], postmortems: [{ id: "pm_late", facts: FACTS }] });
      const other = aControlChange(25, { subject: "model:m", changes: [audited("other")] });
      expect(await record(late, other)).toMatchObject({ stored: [{ subject: "model:m", revision: 1 }], stale: [SUBJECT] });
      expect((await store.controls.states()).map(({ subject: of, revision }) => [of, revision])).toEqual([
        ["model:m", 1],
        [SUBJECT, 1],
      ]);
      expect(await audit()).toEqual(["lever.apply", "other"]);
      expect(await alerts()).toEqual([]);
      expect(await store.controls.postmortems(10)).toEqual([]);
    });

    it("writes nothing of a tick when one part of it cannot be written", async () => {
      const broken = aControlChange(25, { subject: "model:m", changes: [{ ...audited("x"), actor: null as unknown as string }] });
      await expect(record(aControlChange(25), broken)).rejects.toThrow();
      expect(await store.controls.states()).toEqual([]);
      expect(await audit()).toEqual([]);
    });

    it("stops with all levers off or not at all, and nothing that was decided before goes on after it", async () => {
      await record(aControlChange(25));
      const stopped = { by: "admin", reason: "drill" };
      const turn = { at: AT, switchRevision: 0, stopped, change: audited("controls.stop") };
      expect(await store.controls.turnSwitch({ ...turn, subjects: [aControlChange(0, { was: 0 })] })).toBeUndefined();
      expect((await store.controls.read(AT)).switch).toEqual({ revision: 0, stopped: null });
      const off = aControlChange(0, { was: 1, changes: [audited("lever.revert")] });
      expect(await store.controls.turnSwitch({ ...turn, subjects: [off] })).toMatchObject({ stored: [{ revision: 2 }] });
      expect((await store.controls.read(AT)).switch).toEqual({ revision: 1, stopped: { at: AT, ...stopped } });
      expect(await record(aControlChange(50, { was: 2 }))).toEqual({ stored: [], stale: [SUBJECT] });
      expect(await store.controls.turnSwitch({ ...turn, switchRevision: 0, subjects: [] })).toBeUndefined();
      await store.controls.turnSwitch({ ...turn, switchRevision: 1, stopped: null, subjects: [] });
      expect((await store.controls.read(AT)).switch).toEqual({ revision: 2, stopped: null });
      expect(await audit()).toEqual(["lever.apply", "lever.revert", "controls.stop", "controls.stop"]);
    });

    it("keeps approvals until they are over or withdrawn, each change with its audit entry", async () => {
      const exec: GrantedApproval = { ...APPROVAL, id: "approval_2", kind: "exec" as const, grantedAt: AT + 1 };
      const { reason: _, ...rest } = exec as typeof exec & { reason?: string };
      expect(await store.controls.grant(APPROVAL, audited("approval.grant"))).toEqual({ ...APPROVAL, withdrawnAt: null });
      await store.controls.grant({ ...APPROVAL, approver: "another" }, audited("approval.grant"));
      await store.controls.grant(rest as GrantedApproval, audited("approval.grant"));
      expect((await store.controls.read(AT)).approvals).toEqual([
        { ...APPROVAL, withdrawnAt: null },
        { ...rest, withdrawnAt: null },
      ]);
      expect((await store.controls.read(AT + 1000)).approvals).toEqual([]);
      expect(await store.controls.withdraw("approval_1", AT + 5, audited("approval.end"))).toMatchObject({ withdrawnAt: AT + 5 });
      expect(await store.controls.withdraw("approval_1", AT + 9, audited("approval.end"))).toMatchObject({ withdrawnAt: AT + 5 });
      expect(await store.controls.withdraw("approval_2", AT + 1000, audited("approval.end"))).toMatchObject({ withdrawnAt: null });
      expect(await store.controls.withdraw("none", AT, audited("approval.end"))).toBeUndefined();
      expect((await store.controls.read(AT)).approvals.map(({ id }) => id)).toEqual(["approval_2"]);
      expect((await store.controls.approvals(10)).map(({ id }) => id)).toEqual(["approval_2", "approval_1"]);
      expect(await audit()).toEqual(["approval.grant", "approval.grant", "approval.end"]);
    });

    it("opens a postmortem once, keeps what is written of it, and closes it", async () => {
      await record(aControlChange(25, { postmortems: [{ id: "pm_1", facts: FACTS }] }));
      const write = (text: string, closedBy: string | null) =>
        store.controls.writePostmortem("pm_1", { text, closedBy, at: AT + 7 }, audited("postmortem.write"));
      expect(await write("é 'so far'", null)).toMatchObject({ state: "open", text: "é 'so far'", closedAt: null });
      await record(aControlChange(50, { was: 1, postmortems: [{ id: "pm_1", facts: { ...FACTS, spentNano: 99n } }] }));
      const closed = { id: "pm_1", facts: FACTS, state: "closed", text: "all", closedBy: "Ada", closedAt: AT + 7 };
      expect(await write("all", "Ada")).toEqual(closed);
      expect(await store.controls.findPostmortem("pm_1")).toEqual(closed);
      expect(await store.controls.findPostmortem("pm_2")).toBeUndefined();
      expect(await store.controls.writePostmortem("pm_2", { text: "", closedBy: null, at: AT }, audited("x"))).toBeUndefined();
    });
  });
}
