import type { Static } from "typebox";
import {
  approvalAnswer,
  approvalBody,
  approvalsAnswer,
  approvalsQuery,
  controlParams,
  controlsAnswer,
  endApprovalBody,
  leversAnswer,
  MOST_APPROVAL_DAYS,
  postmortemAnswer,
  postmortemBody,
  postmortemsAnswer,
  postmortemsQuery,
  resumeBody,
  stopBody,
  switchAnswer,
} from "../../contract/controls-contract.ts";
import { Problem } from "../../contract/problem.ts";
import { whyNot } from "../../core/policy/approval.ts";
import { subjectOf } from "../../core/policy/policy.ts";
import type { GrantedApproval } from "../../ports/control-store.ts";
import { nearestWord } from "../../std/nearest-word.ts";
import type { ApiDeps } from "../api-deps.ts";
import { ok, type Route, route } from "../api-route.ts";
import { readInstant } from "../call-period.ts";
import { approvalView, controlsView, isTurned, leverViews, postmortemView } from "../controls-view.ts";

const DAY_MS = 86_400_000;
const MOST_LISTED = 1000;

/** What the controls do, who may hold them up, and what has to be written about it. */
export const controlsRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/controls",
    summary: "Caps, spending, levers and signals of every subject of a policy, and what is asked for and not done, with its reason.",
    role: "viewer",
    answers: { 200: { description: "How the controls stand now", schema: controlsAnswer } },
    handle: async (_, { controls }) => ok(controlsView(await controls.look(), controls)),
  }),
  route({
    method: "GET",
    path: "/api/v1/levers",
    summary: "The levers that are turned now.",
    role: "viewer",
    answers: { 200: { description: "One entry per subject and lever", schema: leversAnswer } },
    handle: async (_, { store }) => {
      const states = await store.controls.states();
      const levers = states.flatMap(({ subject, state }) =>
        leverViews(state.levers)
          .filter(isTurned)
          .map((lever) => ({ subject, ...lever })),
      );
      return ok({ levers });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/controls/stop",
    summary: "Turns every lever off at once; they stay off until the controls are resumed. People are told as ever.",
    role: "admin",
    body: stopBody,
    answers: { 200: { description: "Whether they were running", schema: switchAnswer } },
    handle: ({ body }, deps) => turnSwitch(true, body.reason, deps),
  }),
  route({
    method: "POST",
    path: "/api/v1/controls/resume",
    summary: "Lets the controls go on; levers begin again at their first step.",
    role: "admin",
    body: resumeBody,
    bodyOptional: true,
    answers: { 200: { description: "Whether they were stopped", schema: switchAnswer } },
    handle: ({ body }, deps) => turnSwitch(false, body.reason ?? "", deps),
  }),
  route({
    method: "GET",
    path: "/api/v1/approvals",
    summary: "Approvals that hold levers up, the newest first: those in force and to come unless all are asked for.",
    role: "viewer",
    query: approvalsQuery,
    answers: { 200: { description: "At most 1000", schema: approvalsAnswer } },
    handle: async ({ query }, { store, now }) => {
      const at = now();
      const all = (await store.controls.approvals(MOST_LISTED)).map((approval) => approvalView(approval, at));
      return ok({ approvals: query.state === "all" ? all : all.filter(({ state }) => state !== "over") });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/approvals",
    summary: "Records an approval for a time: excluded work, or spending on past a threshold. The levers that it is about go off.",
    role: "admin",
    body: approvalBody,
    answers: { 200: { description: "The approval", schema: approvalAnswer } },
    handle: async ({ body, traceId }, deps) => {
      const approval = readApproval(body, `approval_${body.request_id ?? traceId}`, deps);
      const { id, subject, kind, approver, from, until } = approval;
      const target = `${subject.kind}:${subject.name}`;
      const after = `${kind} by ${approver} from ${new Date(from).toISOString()} until ${new Date(until).toISOString()}`;
      const reason = approval.kind === "exclusion" ? approval.reason : "";
      const change = { actor: "admin", action: "approval.grant", target: `${target}/${id}`, reason, before: null, after };
      const stored = await deps.store.controls.grant(approval, change);
      deps.controls.wake();
      return ok({ approval: approvalView(stored, deps.now()) });
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/approvals/:id/end",
    summary: "Ends an approval before its time. Doing it again changes nothing.",
    role: "admin",
    params: controlParams,
    body: endApprovalBody,
    bodyOptional: true,
    answers: { 200: { description: "The approval", schema: approvalAnswer } },
    handle: async ({ params: { id }, body }, { store, controls, now }) => {
      const change = { actor: "admin", action: "approval.end", target: id, reason: body.reason ?? "", before: "in force", after: "ended" };
      const ended = await store.controls.withdraw(id, now(), change);
      if (!ended) throw new Problem("not_found", { approval: id }, { message: `There is no approval ${id}.` });
      controls.wake();
      return ok({ approval: approvalView(ended, now()) });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/postmortems",
    summary: "Postmortems that policies opened, the newest first; open ones unless others are asked for.",
    role: "viewer",
    query: postmortemsQuery,
    answers: { 200: { description: "The postmortems", schema: postmortemsAnswer } },
    handle: async ({ query: { state = "open", limit = "100" } }, { store }) => {
      const all = (await store.controls.postmortems(Number(limit))).map(postmortemView);
      return ok({ postmortems: state === "all" ? all : all.filter((each) => each.state === state) });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/postmortems/:id",
    summary: "One postmortem, with the facts of the moment at which it was opened.",
    role: "viewer",
    params: controlParams,
    answers: { 200: { description: "The postmortem", schema: postmortemAnswer } },
    handle: async ({ params }, deps) => ok({ postmortem: postmortemView(await foundPostmortem(params.id, deps)) }),
  }),
  route({
    method: "POST",
    path: "/api/v1/postmortems/:id",
    summary: "Keeps what people wrote of it, and closes it where somebody's name is given.",
    role: "admin",
    params: controlParams,
    body: postmortemBody,
    answers: { 200: { description: "The postmortem", schema: postmortemAnswer } },
    handle: async ({ params: { id }, body }, deps) => {
      const before = await foundPostmortem(id, deps);
      const text = body.text ?? before.text;
      const closedBy = body.closed_by ?? before.closedBy;
      if (closedBy !== null && text.trim() === "") {
        throw new Problem(
          "invalid_request",
          { field: "/text" },
          { message: "/text is missing: a postmortem is closed with what was learned." },
        );
      }
      const action = body.closed_by === undefined ? "postmortem.write" : "postmortem.close";
      const change = {
        actor: "admin",
        action,
        target: id,
        reason: closedBy ?? "",
        before: before.state,
        after: closedBy ? "closed" : "open",
      };
      const written = await deps.store.controls.writePostmortem(id, { text, closedBy, at: deps.now() }, change);
      return ok({ postmortem: postmortemView(written ?? before) });
    },
  }),
];

async function turnSwitch(stop: boolean, reason: string, { controls, store, now }: ApiDeps) {
  const changed = await controls.turnSwitch({ stop, by: "admin", reason });
  const { stopped } = (await store.controls.read(now())).switch;
  return ok({ changed, stopped: stopped === null ? null : { ...stopped, at: new Date(stopped.at).toISOString() } });
}

/** @throws Problem invalid_request where the approval would count for nothing: who asks learns it now, and not from levers that stay */
function readApproval(body: Static<typeof approvalBody>, id: string, { controls, now }: ApiDeps): GrantedApproval {
  const grantedAt = now();
  const control = controls.subjects.get(body.subject);
  if (control === undefined) {
    const nearest = nearestWord(body.subject, [...controls.subjects.keys()]);
    refuse("/subject", `${body.subject} has no policy here${nearest === undefined ? "" : `. Did you mean ${nearest}?`}`);
  }
  const from = body.from === undefined ? grantedAt : readInstant(body.from, "/from");
  const until = readInstant(body.until, "/until");
  if (until <= Math.max(from, grantedAt)) refuse("/until", until <= grantedAt ? "is not in the future" : "is not after /from");
  if (until > from + MOST_APPROVAL_DAYS * DAY_MS) refuse("/until", `is more than ${MOST_APPROVAL_DAYS} days after it begins`);
  const given = { id, subject: subjectOf(body.subject), approver: body.approver, from, until, grantedBy: "admin", grantedAt };
  if (body.kind === "exec") {
    if (body.reason !== undefined) refuse("/reason", "belongs to an exclusion");
    return { ...given, kind: "exec" };
  }
  if (body.reason === undefined) refuse("/reason", "is missing: an exclusion is for a reason that the policy names");
  const approval: GrantedApproval = { ...given, kind: "exclusion", reason: body.reason };
  const detail = whyNot(control, approval);
  const isNamed = control.exclusions.some(({ reason }) => reason === approval.reason);
  if (detail !== undefined) refuse(isNamed ? "/approver" : "/reason", `cannot be: ${detail}`);
  return approval;
}

function refuse(field: string, what: string): never {
  throw new Problem("invalid_request", { field }, { message: `${field} ${what}.`.replace("?.", "?") });
}

async function foundPostmortem(id: string, { store }: ApiDeps) {
  const found = await store.controls.findPostmortem(id);
  if (!found) throw new Problem("not_found", { postmortem: id }, { message: `There is no postmortem ${id}.` });
  return found;
}
