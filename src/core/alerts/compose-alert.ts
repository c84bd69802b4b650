import type { ScopeSelector } from "../scope/scope.ts";
import type { Instant } from "../time/window.ts";
import type { Alert, AlertFacts } from "./alert.ts";
import { alertKey, isToldOnce } from "./alert-key.ts";
import { type AlertRoute, type PlannedDelivery, planDeliveries } from "./alert-routing.ts";
import { severityOf } from "./alert-severity.ts";

export interface ComposedAlert extends Alert {
  readonly key: string;
  /** Told once for good, also after it has been resolved. */
  readonly once: boolean;
  readonly deliveries: readonly PlannedDelivery[];
}

/**
 * An alert with all that has to be said of it.
 * @param idOf turns a text into a short one, always the same
 */
export function composeAlert(
  what: {
    readonly facts: AlertFacts;
    readonly scope: ScopeSelector;
    readonly warnPercent: number;
    readonly raisedAt: Instant;
    readonly channel?: string | undefined;
  },
  routes: readonly AlertRoute[],
  idOf: (text: string) => string,
): ComposedAlert {
  const { facts, scope, raisedAt } = what;
  const key = alertKey(facts, raisedAt);
  const alert = { id: idOf(`${key} ${raisedAt}`), severity: severityOf(facts, what.warnPercent), scope, facts, raisedAt };
  return { ...alert, key, once: isToldOnce(facts), deliveries: planDeliveries(alert, routes, what.channel) };
}
