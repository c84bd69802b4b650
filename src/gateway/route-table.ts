import type { ProviderTarget } from "../ports/provider.ts";
import type { Route, RouteTable } from "./call-settings.ts";

export interface ServedProvider {
  readonly target: ProviderTarget;
  /** Exact names, or with stars: "gpt-*". */
  readonly models: readonly string[];
}

export interface NamedRoute {
  readonly model: string;
  readonly targets: readonly { readonly provider: string; readonly model: string }[];
}

/**
 * Where models go: a configured route first, then "provider/model", then every provider that serves the name, in their order.
 * Only the first of several serving providers is used: falling back to another is said in a route.
 */
export function createRouteTable(
  providers: readonly ServedProvider[],
  routes: readonly NamedRoute[],
  listed: RouteTable["models"],
): RouteTable {
  const byName = new Map(providers.map((provider) => [provider.target.name, provider]));
  const byModel = new Map(routes.map((route) => [route.model, route]));
  const patterns = new Map(providers.map((provider) => [provider, provider.models.map(patternOf)]));
  return {
    targets(model, dialect) {
      const speaks = ({ provider }: Route) => provider.dialects.includes(dialect);
      const route = byModel.get(model);
      if (route) {
        return route.targets.map((target) => ({ provider: byName.get(target.provider)!.target, model: target.model })).filter(speaks);
      }
      const slash = model.indexOf("/");
      const named = slash > 0 ? byName.get(model.slice(0, slash)) : undefined;
      if (named) return [{ provider: named.target, model: model.slice(slash + 1) }].filter(speaks);
      for (const provider of providers) {
        if (!provider.target.dialects.includes(dialect)) continue;
        if (patterns.get(provider)!.some((pattern) => pattern.test(model))) return [{ provider: provider.target, model }];
      }
      return [];
    },
    models: () => [...routes.map((route) => ({ id: route.model, provider: route.targets[0]!.provider })), ...listed()],
  };
}

function patternOf(text: string): RegExp {
  return new RegExp(`^${text.split("*").map(RegExp.escape).join(".*")}$`);
}
