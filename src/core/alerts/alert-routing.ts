import { SCOPE_DIMENSIONS, type ScopeSelector } from "../scope/scope.ts";
import type { Instant } from "../time/window.ts";
import { type Alert, type AlertPhase, budgetOf, type Severity } from "./alert.ts";

/** Which alerts go where. Empty lists and an empty scope take all. */
export interface AlertRoute {
  readonly severities: readonly Severity[];
  /** Every dimension named must be equal in the alert's scope. */
  readonly scope: ScopeSelector;
  /** Budget ids; a trailing * stands for any ending. */
  readonly budgets: readonly string[];
  readonly channels: readonly string[];
  readonly escalation: readonly { readonly afterMs: number; readonly channels: readonly string[] }[];
}

export interface PlannedDelivery {
  readonly channel: string;
  readonly phase: AlertPhase;
  /** The order of the phases of one alert on one channel. */
  readonly step: number;
  readonly dueAt: Instant;
}

/** Where an alert goes that no route takes: it is never lost for want of a route. */
export const LAST_RESORT_CHANNEL = "log";
export const RESOLVED_STEP = 1000;

export function takes(route: AlertRoute, alert: Alert): boolean {
  if (route.severities.length > 0 && !route.severities.includes(alert.severity)) return false;
  if (SCOPE_DIMENSIONS.some((dimension) => route.scope[dimension] !== undefined && route.scope[dimension] !== alert.scope[dimension])) {
    return false;
  }
  if (route.budgets.length === 0) return true;
  const id = budgetOf(alert.facts)?.budgetId;
  return id !== undefined && route.budgets.some((wanted) => matches(wanted, id));
}

function matches(wanted: string, id: string): boolean {
  if (wanted === id) return true;
  return wanted.endsWith("*") && id.startsWith(wanted.slice(0, -1));
}

/**
 * Every delivery an alert will need while nobody takes it: at once to the channels of all routes that take it, and later, step by step,
 * to those it escalates to. A channel gets each phase once, however many routes name it. Acknowledging it drops the later ones.
 * @param named the channel that is meant, whatever the routes say of the first word
 */
export function planDeliveries(alert: Alert, routes: readonly AlertRoute[], named?: string): PlannedDelivery[] {
  const taking = routes.filter((route) => takes(route, alert));
  const routed = taking.length === 0 ? [LAST_RESORT_CHANNEL] : unique(taking.flatMap((route) => route.channels));
  const first = named === undefined ? routed : [named];
  const raised = first.map((channel) => ({ channel, phase: "raised", step: 0, dueAt: alert.raisedAt }) as const);
  const steps = taking.flatMap((route) => route.escalation);
  const delays = unique(steps.map(({ afterMs }) => afterMs)).sort((a, b) => a - b);
  const escalated = delays.flatMap((delay, index) => {
    const step = index + 1;
    const channels = unique(steps.filter(({ afterMs }) => afterMs === delay).flatMap((entry) => entry.channels));
    return channels.map((channel) => ({ channel, phase: `escalated-${step}`, step, dueAt: alert.raisedAt + delay }) as const);
  });
  return [...raised, ...escalated];
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}

/** The configured channel that a policy's label means: "#finops" is the one called finops, or #finops. */
export function channelNamed(label: string, channels: readonly string[]): string | undefined {
  return channels.find((name) => name === label) ?? channels.find((name) => `#${name}` === label);
}
