import type { ExpectationView } from "../contract/backlog-contract.ts";
import { expectationView } from "../contract/expectation-view.ts";
import type { BacklogItem } from "../core/backlog/backlog-item.ts";
import { type LeverEvidence, unknown } from "../core/backlog/lever-evidence.ts";
import { leverPrices } from "../core/backlog/lever-prices.ts";
import { leverCalled } from "../core/backlog/saving-lever-list.ts";
import type { Atto } from "../core/money/usd.ts";
import { rational } from "../core/scenario/rational.ts";
import { type ScopeSelector, selectorKey } from "../core/scope/scope.ts";
import type { Period } from "../core/time/window.ts";
import type { ApiDeps } from "./api-deps.ts";
import { warehouseOf } from "./routes/costs-routes.ts";

const DAY_MS = 86_400_000n;
/** Where a lever asks about no cap, no answer is longer. */
const NO_CAP = Number.MAX_SAFE_INTEGER;

/** Measured calls of one period as levers ask for them: each scope and cap is asked for once, however many items have it. */
export class EvidenceOfPeriod {
  readonly #period: Period;
  readonly #deps: ApiDeps;
  readonly #asked = new Map<string, Promise<LeverEvidence>>();

  constructor(period: Period, deps: ApiDeps) {
    this.#period = period;
    this.#deps = deps;
  }

  of(selector: ScopeSelector, capTokens = NO_CAP): Promise<LeverEvidence> {
    const key = `${capTokens} ${selectorKey(selector)}`;
    const asked = this.#asked.get(key) ?? this.#ask(selector, capTokens);
    this.#asked.set(key, asked);
    return asked;
  }

  async expectationOf({ lever: name, target, scope }: Pick<BacklogItem, "lever" | "target" | "scope">): Promise<ExpectationView> {
    const plan = leverCalled(name)?.plan(target);
    const { now, prices } = this.#deps;
    const days = rational(BigInt(this.#period.end - this.#period.start), DAY_MS);
    // An item that a newer version wrote.
    if (!plan) return expectationView(unknown("this version knows no such lever or target", 0), days);
    const listed = leverPrices((provider, model) => prices.find(provider, model, now()));
    const evidence = await this.of(scope, plan.capTokens);
    const retrievalCost = plan.asksRetrieval ? await this.#retrievalCost(scope) : undefined;
    return expectationView(plan.expect({ ...evidence, retrievalCost }, listed), days);
  }

  /** What retrieval cost; undefined where nobody told, where a part of it has no price, and of keys, which facts do not name. */
  async #retrievalCost({ api_key: key, ...filter }: ScopeSelector): Promise<Atto | undefined> {
    const { start, end } = this.#period;
    if (key !== undefined) return undefined;
    const facts = await warehouseOf(this.#deps).usageFacts({ from: new Date(start), to: new Date(end), groupBy: [], filter });
    const retrieval = facts.filter(({ measure }) => measure === "retrieval_queries");
    const isPriced = retrieval.length > 0 && retrieval.every(({ reason }) => reason === "");
    return isPriced ? retrieval.reduce((sum, { costAtto }) => sum + costAtto, 0n) : undefined;
  }

  #ask(selector: ScopeSelector, capTokens: number): Promise<LeverEvidence> {
    const { start, end } = this.#period;
    return warehouseOf(this.#deps).leverEvidence({ from: new Date(start), to: new Date(end), selector, capTokens });
  }
}
