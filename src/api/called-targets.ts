import type { Instant } from "../core/time/window.ts";
import type { ApiDeps, TokenCost } from "./api-deps.ts";

/** A place where a call is answered, in the words of the call's scope, and what its tokens cost there. */
export interface CalledTarget {
  /** Undefined when neither the caller nor a route nor a price names one. */
  readonly provider: string | undefined;
  readonly model: string;
  /** What its price list calls the model: budgets on that name count the call too. */
  readonly listedModel: string | undefined;
  readonly cost: TokenCost;
}

/**
 * Where a call that an application tells of goes. A provider that it names is believed; else it is the gateway's routes, first target first,
 * so that a budget on a provider or a model means the same calls here and there; else whoever has a price for the model.
 * As in the gateway, targets without a price are left out where another has one.
 * @returns at least one
 */
export function calledTargets(
  call: { readonly model: string; readonly provider?: string },
  tokens: { readonly inputTokens: number; readonly outputTokens: number },
  at: Instant,
  deps: Pick<ApiDeps, "prices" | "routesOf">,
): readonly [CalledTarget, ...CalledTarget[]] {
  const routed = deps.routesOf(call.model).filter(({ provider }) => call.provider === undefined || provider === call.provider);
  const targets = routed.map(({ provider, model, priceList }) => {
    const cost = deps.prices.costOf({ model, priceList }, tokens, at);
    return { provider, model, listedModel: listedNameOf(cost), cost };
  });
  const priced = targets.filter(({ cost }) => cost.outcome === "priced");
  const [first, ...others] = priced.length > 0 ? priced : targets;
  if (first) return [first, ...others];
  const cost = deps.prices.costOf({ model: call.model }, tokens, at);
  if (cost.outcome === "unpriced") return [{ provider: call.provider, model: call.model, listedModel: undefined, cost }];
  // In another case it is the same model, and reports should show it once.
  const model = cost.model.toLowerCase() === call.model.toLowerCase() ? cost.model : call.model;
  return [{ provider: call.provider ?? cost.provider, model, listedModel: cost.model, cost }];
}

function listedNameOf(cost: TokenCost): string | undefined {
  return cost.outcome === "priced" ? cost.model : undefined;
}
