import { readAction, splitActions } from "../core/policy/read-action.ts";
import { parseDuration } from "../core/time/duration.ts";
import type { Conflict } from "./config-finding.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { WrittenPolicy } from "./policy-schema.ts";
import { shareOf } from "./text-formats.ts";

/** A conflict within the text of a setting, so many letters from its beginning. */
export interface PolicyConflict extends Conflict {
  readonly at: number;
}

/** What is wrong between settings, and in the actions. Parts that could not be read at all are holes here. */
export function policyConflicts(written: WrittenPolicy): PolicyConflict[] {
  const lists = [
    ...entriesOf(written.use_cases, "use_cases", "id"),
    ...entriesOf(written.providers, "providers", "name"),
    ...entriesOf(written.models, "models", "name"),
  ];
  const guard = written.spend_slo;
  const alerts = (guard?.alerts ?? []).flatMap((alert, index) => (alert ? [{ alert, path: `spend_slo.alerts[${index}]` }] : []));
  const conflicts = [
    ...lists.flatMap(({ thresholds, path }) => thresholdConflicts(thresholds, path)),
    ...[...lists, { forecast: guard?.forecast ?? [], path: "spend_slo" }].flatMap(({ forecast, path }) =>
      forecastConflicts(forecast, path),
    ),
    ...risingConflicts(alerts.map(({ alert, path }) => ({ share: alert.threshold, setting: `${path}.threshold` }))),
    ...alerts.flatMap(({ alert, path }) => (alert.action === undefined ? [] : actionConflicts(alert.action, `${path}.action`, "several"))),
    ...twice([...lists, ...(guard?.use_case === undefined ? [] : [{ key: `use_cases ${guard.use_case}`, place: "spend_slo.use_case" }])]),
  ];
  const isEmpty = lists.length === 0 && guard === undefined;
  const nothing = { setting: "", at: 0, message: "there is no cap in it; write use_cases, providers, models or spend_slo" };
  return isEmpty ? [...conflicts, nothing] : conflicts;
}

type Thresholds = NonNullable<NonNullable<WrittenPolicy["use_cases"]>[number]["thresholds"]>;

type Forecasts = NonNullable<NonNullable<WrittenPolicy["use_cases"]>[number]["forecast"]>;

interface Entry {
  readonly key: string;
  readonly place: string;
  readonly path: string;
  readonly thresholds: Thresholds;
  readonly forecast: Forecasts;
}

function entriesOf<Name extends string>(
  entries:
    | readonly ({ readonly [Key in Name]?: string } & { readonly thresholds?: Thresholds; readonly forecast?: Forecasts })[]
    | undefined,
  list: string,
  name: Name,
): Entry[] {
  return (entries ?? []).flatMap((entry, index) => {
    const path = `${list}[${index}]`;
    return entry
      ? [
          {
            key: `${list} ${entry[name]}`,
            place: `${path}.${name}`,
            path,
            thresholds: entry.thresholds ?? [],
            forecast: entry.forecast ?? [],
          },
        ]
      : [];
  });
}

function thresholdConflicts(thresholds: Thresholds, path: string): PolicyConflict[] {
  const places = thresholds.flatMap((threshold, index) => (threshold ? [{ threshold, path: `${path}.thresholds[${index}]` }] : []));
  return [
    ...risingConflicts(places.map(({ threshold, path }) => ({ share: threshold.pct, setting: `${path}.pct` }))),
    ...places.flatMap(({ threshold, path }) => listConflicts(threshold.actions, path)),
  ];
}

function forecastConflicts(forecasts: Forecasts, path: string): PolicyConflict[] {
  const places = forecasts.flatMap((forecast, index) => (forecast ? [{ forecast, path: `${path}.forecast[${index}]` }] : []));
  return places.flatMap(({ forecast: { exhausted_within: time, actions }, path }, index) => {
    const before = places[index - 1]?.forecast.exhausted_within;
    const isNearer = time === undefined || before === undefined || parseDuration(time)! < parseDuration(before)!;
    const conflict = {
      setting: `${path}.exhausted_within`,
      at: 0,
      message: `expected times that come nearer, found ${time} after ${before}`,
    };
    return [...(isNearer ? [] : [conflict]), ...listConflicts(actions, path)];
  });
}

function listConflicts(actions: readonly string[] | undefined, path: string): PolicyConflict[] {
  return (actions ?? []).flatMap((action, index) =>
    action === undefined ? [] : actionConflicts(action, `${path}.actions[${index}]`, "one"),
  );
}

function risingConflicts(shares: readonly { readonly share: string; readonly setting: string }[]): PolicyConflict[] {
  return shares.flatMap(({ share, setting }, index) => {
    const before = shares[index - 1]?.share;
    const isRising = share === undefined || before === undefined || shareOf(share)! > shareOf(before)!;
    return isRising ? [] : [{ setting, at: 0, message: `expected rising thresholds, found ${share} after ${before}` }];
  });
}

function actionConflicts(text: string, setting: string, count: "one" | "several"): PolicyConflict[] {
  const parts = count === "one" ? [{ text: text.trim(), at: text.length - text.trimStart().length }] : splitActions(text);
  return parts.flatMap(({ text: part, at }): PolicyConflict[] => {
    const reading = readAction(part);
    if (reading.outcome === "read") return [];
    if (reading.outcome === "wrong") return [{ setting, at, message: reading.message }];
    const hint = didYouMean(reading.word, reading.known) || `; there are ${reading.known.join(", ")}`;
    return [
      { setting, at, message: reading.word === "" ? "expected an action, found nothing" : `unknown action \`${reading.word}\`${hint}` },
    ];
  });
}

function twice(entries: readonly { readonly key: string; readonly place: string }[]): PolicyConflict[] {
  const first = new Set<string>();
  return entries.flatMap(({ key, place }) => {
    if (!first.has(key)) {
      first.add(key);
      return [];
    }
    return [{ setting: place, at: 0, message: "another entry of this file is about the same" }];
  });
}
