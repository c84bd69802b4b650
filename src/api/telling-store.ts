import type { Budget } from "../core/ledger/budget.ts";
import type { LedgerStore } from "../ports/ledger-store.ts";
import type { KeptStatuses } from "./kept-statuses.ts";

/** Members that change nothing that a tenant's status shows. */
type Silent =
  | "epoch"
  | "shared"
  | "version"
  | "recovery"
  | "hearsNews"
  | "alerts"
  | "backlog"
  | "controls"
  | "newestVersion"
  | "onNews"
  | "recalls"
  | "close"
  | "leases"
  | "giveBack"
  | "holdsInDoubt"
  | "budgets"
  | "budgetsNamed"
  | "answerOf"
  | "raises"
  | "findRaise"
  | "raisesOf"
  | "accounts"
  | "crossings"
  | "keys"
  | "putKey"
  | "claimIdempotency"
  | "dropIdempotency"
  | "keepFacts"
  | "readOutbox"
  | "spoolOutbox"
  | "ackOutbox"
  | "parkOutbox"
  | "outboxDepth"
  | "audit"
  | "appendAudit"
  | "verify"
  | "bookedPerTenant";

/** A new member of the store stops the build here until it is said which of the two it is. */
type Telling = Omit<LedgerStore, Silent>;

/**
 * The same store, which tells what it has changed. Calls of the gateway do not wait for that; usage that is reported and changes of budgets
 * do, so that who asks next, anywhere, sees them. Also told when the store failed: it may have failed after it wrote.
 */
export function tellingStore(store: LedgerStore, statuses: Pick<KeptStatuses, "changed" | "tell">): LedgerStore {
  const tellBudgets = (budgets: readonly Budget[]) => {
    const tenants = tenantsOf(budgets);
    return tenants.length === 0 ? undefined : statuses.tell(tenants);
  };
  /** Of what failed nobody knows which budgets it changed. */
  const tellingOf = async <Answer>(work: Promise<Answer>, budgetsOf: (answer: Answer) => readonly Budget[]): Promise<Answer> => {
    let answer: Answer;
    try {
      answer = await work;
    } catch (error) {
      await statuses.tell("all");
      throw error;
    }
    await tellBudgets(budgetsOf(answer));
    return answer;
  };
  const telling: Telling = {
    // The store's own promises, since whoever waits for several of its answers relies on their order.
    lease(request) {
      const answered = store.lease(request);
      answered.then(
        ({ created }) => created.length > 0 && statuses.changed(tenantsOf(created)),
        () => {},
      );
      return answered;
    },
    end: (ending) => {
      const ended = store.end(ending);
      const tell = () => statuses.changed([ending.tenant]);
      if (ending.accounts.length > 0) ended.then(tell, tell);
      return ended;
    },
    track: (request) => store.track(request).finally(() => statuses.tell([request.tenant])),
    resolveDoubt: (request) => store.resolveDoubt(request).finally(() => statuses.tell("all")),
    async beat(known) {
      const beat = await store.beat(known);
      if (beat.expired.length > 0) statuses.changed("all");
      return beat;
    },
    rejoin: () => store.rejoin().finally(() => statuses.changed("all")),
    putBudget: (budget, change) => store.putBudget(budget, change).finally(() => tellBudgets([budget])),
    putBudgets: (changes) => store.putBudgets(changes).finally(() => tellBudgets(changes.map(({ budget }) => budget))),
    raiseBudget: (raise, actor) => tellingOf(store.raiseBudget(raise, actor), ({ budgets }) => budgets),
    endRaise: (request) => tellingOf(store.endRaise(request), ({ budgets }) => budgets),
    turnRaises: (at) => tellingOf(store.turnRaises(at), (budgets) => budgets),
    takeWishes: (request) => tellingOf(store.takeWishes(request), ({ budgets }) => budgets),
    creditBudget: (request) => tellingOf(store.creditBudget(request), ({ budget }) => [budget]),
  };
  const members = new Map<PropertyKey, unknown>(Object.entries(telling));
  return new Proxy(store, {
    get(target, name) {
      const known = members.get(name);
      if (known !== undefined) return known;
      // As the store's own, not the proxy's: it keeps its fields private.
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const bound: unknown = member.bind(target);
      members.set(name, bound);
      return bound;
    },
  });
}

/** A budget that names no tenant is in no tenant's status. */
function tenantsOf(budgets: readonly Budget[]): string[] {
  return [...new Set(budgets.flatMap(({ selector }) => selector.tenant ?? []))];
}
