import { configProblem } from "./config/config-finding.ts";
import type { Config } from "./config/config-schema.ts";
import type { PriceBook } from "./core/pricing/price-book.ts";
import { MODEL_SIZES, type ModelLadder } from "./core/routing/model-ladder.ts";
import type { Instant } from "./core/time/window.ts";
import type { RouteTable } from "./gateway/call-settings.ts";

/**
 * The ladders of the configuration. One whose models cannot be called would look like a lever and move nothing.
 * @throws Problem config_invalid that names every model without a route, a price, or a dialect that all of its ladder share
 */
export function modelLadders(config: Config, routes: RouteTable, prices: PriceBook, at: Instant): ModelLadder[] {
  const findings = config.model_sizes.flatMap((written, index) => {
    const setting = `model_sizes[${index}]`;
    const named = MODEL_SIZES.flatMap((size) => (written[size] === undefined ? [] : [{ size, model: written[size] }]));
    const found = named.map(({ size, model }) => {
      const places = (["openai", "anthropic"] as const).map((dialect) => ({ dialect, targets: routes.targets(model, dialect) }));
      const isPriced = places.some(({ targets }) => targets.some(({ provider, model: name }) => prices.find(provider.priceList, name, at)));
      const dialects = places.filter(({ targets }) => targets.length > 0).map(({ dialect }) => dialect);
      return { size, model, dialects, isPriced };
    });
    const faults = found.flatMap(({ size, model, dialects, isPriced }) => {
      if (dialects.length === 0) return [`${setting}.${size}: no provider or route serves \`${model}\``];
      return isPriced ? [] : [`${setting}.${size}: no price is known for \`${model}\``];
    });
    const shared = ["openai", "anthropic"].some((dialect) => found.every(({ dialects }) => (dialects as string[]).includes(dialect)));
    return faults.length > 0 || shared
      ? faults
      : [`${setting}: its models do not speak one dialect, so that no call can move between them`];
  });
  if (findings.length > 0) {
    const told = findings.map((fault) => {
      const colon = fault.indexOf(": ");
      return { setting: fault.slice(0, colon), line: 0, column: 0, message: fault.slice(colon + 2) };
    });
    throw configProblem(undefined, told);
  }
  return config.model_sizes.map(({ small, medium, large, use_cases: useCases }) => {
    return { models: { small, ...(medium === undefined ? {} : { medium }), large }, useCases };
  });
}
