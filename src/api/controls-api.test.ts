import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { usd } from "../core/money/usd.ts";
import { DEFAULT_LIMITS } from "../core/policy/guardrail-list.ts";
import { DEFAULT_PACE } from "../core/policy/policy.ts";
import { subjectControls } from "../core/policy/subject-control.ts";
import { aControlChange } from "../data/store/control-store-conformance.ts";
import { openSqliteLedgerStore } from "../data/store/sqlite-ledger-store.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import { NO_CONTROLS, NOON, type TestApi, testApi } from "./api-test-kit.ts";

const SUBJECT = "use_case:ops";
const DAY_MS = 86_400_000;
const at = (ms: number) => new Date(NOON + ms).toISOString();
const SUBJECTS = subjectControls([
  {
    ...{ policy: "slo.yaml", subject: { kind: "use_case", name: "ops" }, capNano: usd("100"), limits: DEFAULT_LIMITS, pace: DEFAULT_PACE },
    thresholds: [{ share: 975_000n, actions: [{ kind: "turn", lever: "depth_k", target: 4 }] }],
    exclusions: [{ reason: "security_fix", approver: "VP Platform" }],
  },
]);

describe("the API of the controls", () => {
  let folder: string;
  let store: LedgerStore;
  let api: TestApi;
  let woken: number;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-controls-api-"));
    store = await openSqliteLedgerStore({ folder, bootId: "boot-1", openedAt: NOON }, () => NOON);
    woken = 0;
    const look = async () => ({
      ...{ at: NOON, stored: await store.controls.read(NOON), inDoubtNano: new Map([[SUBJECT, usd("1")]]), withoutSignals: undefined },
      facts: new Map([[SUBJECT, { spending: { spentNano: usd("98.765"), observedAt: NOON }, signals: {} }]]),
      held: new Map([[SUBJECT, [{ what: "depth_k", reason: "no_signal", detail: "p95_latency_ms is missing" } as const]]]),
    });
    const wake = () => {
      woken += 1;
    };
    const budgetIds = new Map([[SUBJECT, "slo:use_case:ops"]]);
    api = await testApi({ controls: { ...NO_CONTROLS, subjects: SUBJECTS, budgetIds, look, wake } });
    Object.assign(api.store, { controls: store.controls });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const APPROVAL = { subject: SUBJECT, kind: "exclusion", reason: "security_fix", approver: "VP Platform", until: at(3_600_000) };
  const record = (value: number) =>
    store.controls.recordTick({
      at: NOON,
      switchRevision: 0,
      subjects: [
        aControlChange(value, {
          subject: SUBJECT,
          postmortems: [
            {
              id: "pm_1",
              facts: {
                ...{ subject: SUBJECT, threshold: "slo.yaml@1", openedAt: NOON, capNano: usd("100"), spentNano: usd("101") },
                ...{ levers: [{ lever: "depth_k", value: 4, off: 1000 }], signals: [], approvals: [] },
              },
            },
          ],
        }),
      ],
    });

  it("shows what is capped, spent, turned, measured and held, and the reason", async () => {
    await record(25);
    const { body } = await api.ask("GET", "/api/v1/controls", { token: null });
    expect(body).toMatchObject({ at: at(0), stopped: null, without_signals: null });
    expect(body.subjects).toEqual([
      expect.objectContaining({
        ...{ subject: SUBJECT, budget: "slo:use_case:ops", spent_usd: "98.765", in_doubt_usd: "1", burn_percent: 98.76 },
        policies: [{ policy: "slo.yaml", cap_usd: "100", thresholds: [{ threshold: "slo.yaml@0.975", percent: 97.5, reached: false }] }],
        held: [{ what: "depth_k", reason: "no_signal", detail: "p95_latency_ms is missing" }],
        levers: [expect.objectContaining({ lever: "small_model_share", value: 25, off: 0, text: "25", revert_failed: false })],
      }),
    ]);
    const { body: turned } = await api.ask("GET", "/api/v1/levers");
    expect(turned.levers).toMatchObject([{ subject: SUBJECT, lever: "small_model_share", text: "25" }]);
  });

  it("records an approval with its audit entry, once a request id, wakes the controls, and ends it", async () => {
    const first = await api.ask("POST", "/api/v1/approvals", { body: { ...APPROVAL, request_id: "r1" } });
    expect(first.body.approval).toMatchObject({ id: "approval_r1", state: "in_force", granted_by: "admin", reason: "security_fix" });
    await api.ask("POST", "/api/v1/approvals", { body: { ...APPROVAL, request_id: "r1" } });
    const exec = { subject: SUBJECT, kind: "exec", approver: "CFO", from: at(1000), until: at(2000), request_id: "r2" };
    expect((await api.ask("POST", "/api/v1/approvals", { body: exec })).body.approval).toMatchObject({ state: "pending", reason: null });
    expect((await api.ask("GET", "/api/v1/approvals")).body.approvals).toHaveLength(2);
    const ended = await api.ask("POST", "/api/v1/approvals/approval_r1/end", { body: { reason: "done" } });
    expect(ended.body.approval).toMatchObject({ state: "over", withdrawn_at: at(0) });
    expect((await api.ask("GET", "/api/v1/approvals")).body.approvals.map(({ id }: { id: string }) => id)).toEqual(["approval_r2"]);
    expect((await api.ask("GET", "/api/v1/approvals?state=all")).body.approvals).toHaveLength(2);
    expect((await store.audit(10)).map(({ action, actor }) => [action, actor])).toEqual([
      ["approval.end", "admin"],
      ["approval.grant", "admin"],
      ["approval.grant", "admin"],
    ]);
    expect(woken).toBe(4);
    expect((await api.ask("POST", "/api/v1/approvals/none/end")).status).toBe(404);
  });

  it.each([
    [{ subject: "use_case:opss" }, "/subject use_case:opss has no policy here. Did you mean use_case:ops?"],
    [{ reason: "holiday" }, "/reason cannot be: the policy has no exclusion for holiday."],
    [{ approver: "An intern" }, "/approver cannot be: An intern may not grant security_fix; VP Platform may."],
    [{ reason: undefined }, "/reason is missing: an exclusion is for a reason that the policy names."],
    [{ kind: "exec" }, "/reason belongs to an exclusion."],
    [{ until: at(-1) }, "/until is not in the future."],
    [{ from: at(2 * DAY_MS), until: at(DAY_MS) }, "/until is not after /from."],
    [{ until: at(31 * DAY_MS + 1) }, "/until is more than 31 days after it begins."],
  ])("refuses an approval that would count for nothing: %j", async (wrong, message) => {
    const { status, body } = await api.ask("POST", "/api/v1/approvals", { body: { ...APPROVAL, ...wrong } });
    expect([status, body.code, body.title ?? body.detail]).toEqual([400, "invalid_request", expect.anything()]);
    expect(JSON.stringify(body)).toContain(JSON.stringify(message).slice(1, -1));
    expect(await store.controls.approvals(10)).toEqual([]);
    expect(woken).toBe(0);
  });

  it("keeps what is written of a postmortem, and closes it with a name and a text only", async () => {
    await record(25);
    expect((await api.ask("GET", "/api/v1/postmortems")).body.postmortems).toMatchObject([
      { id: "pm_1", state: "open", cap_usd: "100", spent_usd: "101", levers: [{ lever: "depth_k", value: 4, off: 1000 }] },
    ]);
    expect((await api.ask("POST", "/api/v1/postmortems/pm_1", { body: { closed_by: "Ada" } })).status).toBe(400);
    expect((await api.ask("POST", "/api/v1/postmortems/pm_1", { body: { text: "so far" } })).body.postmortem.state).toBe("open");
    const closed = await api.ask("POST", "/api/v1/postmortems/pm_1", { body: { closed_by: "Ada" } });
    expect(closed.body.postmortem).toMatchObject({ state: "closed", text: "so far", closed_by: "Ada", closed_at: at(0) });
    expect((await api.ask("GET", "/api/v1/postmortems")).body.postmortems).toEqual([]);
    expect((await api.ask("GET", "/api/v1/postmortems?state=closed")).body.postmortems).toHaveLength(1);
    expect((await api.ask("GET", "/api/v1/postmortems/pm_1")).body.postmortem.text).toBe("so far");
    expect((await api.ask("GET", "/api/v1/postmortems/none")).status).toBe(404);
    expect((await api.ask("POST", "/api/v1/postmortems/none", { body: { text: "x" } })).status).toBe(404);
  });

  it("lets nobody change anything without the admin token", async () => {
    for (const path of ["controls/stop", "controls/resume", "approvals", "approvals/a/end", "postmortems/pm_1"]) {
      expect([path, (await api.ask("POST", `/api/v1/${path}`, { body: {}, token: null })).status]).toEqual([path, 401]);
    }
    expect((await api.ask("POST", "/api/v1/controls/stop", { body: {} })).status).toBe(400);
  });
});
