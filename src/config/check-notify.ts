import { LAST_RESORT_CHANNEL } from "../core/alerts/alert-routing.ts";
import { headerConflicts } from "./check-headers.ts";
import type { Conflict } from "./config-finding.ts";
import type { ChannelConfig, Config } from "./config-schema.ts";
import { didYouMean } from "./did-you-mean.ts";

type OwnSetting = "url" | "signing_key" | "smtp" | "from" | "to";

/** What each kind of channel needs; it takes nothing else of these. */
const NEEDED: Readonly<Record<ChannelConfig["kind"], readonly OwnSetting[]>> = {
  webhook: ["url", "signing_key"],
  slack: ["url"],
  email: ["smtp", "from", "to"],
  alertmanager: ["url"],
  log: [],
};
const OWN_SETTINGS: readonly OwnSetting[] = ["url", "signing_key", "smtp", "from", "to"];

export function channelConflicts(channel: ChannelConfig, path: string): Conflict[] {
  const { kind, name, headers, smtp, quiet_hours: quiet } = channel;
  const needed = NEEDED[kind];
  const conflicts: Conflict[] = [];
  for (const setting of OWN_SETTINGS) {
    const isThere = channel[setting] !== undefined;
    if (needed.includes(setting) && !isThere)
      conflicts.push({ setting: path, message: `\`${setting}\` is missing; kind ${kind} needs one` });
    if (!needed.includes(setting) && isThere) conflicts.push({ setting: `${path}.${setting}`, message: `kind ${kind} has none` });
  }
  if (Object.keys(headers).length > 0 && kind !== "webhook" && kind !== "alertmanager") {
    conflicts.push({ setting: `${path}.headers`, message: `only kinds webhook and alertmanager have headers, this is ${kind}` });
  }
  if (smtp && (smtp.user === undefined) !== (smtp.password === undefined)) {
    conflicts.push({ setting: `${path}.smtp`, message: "`user` and `password` go together" });
  }
  if (quiet && quiet.from === quiet.to) conflicts.push({ setting: `${path}.quiet_hours.to`, message: "is the time at which they begin" });
  if (name === LAST_RESORT_CHANNEL && kind !== "log") {
    conflicts.push({ setting: `${path}.name`, message: "log is the server's log; give a channel of another kind another name" });
  }
  return [...conflicts, ...headerConflicts(Object.keys(headers), path)];
}

export function routeChannelConflicts(
  route: Config["notify"]["routes"][number],
  path: string,
  channelNames: readonly string[],
): Conflict[] {
  const known = [...new Set([...channelNames, LAST_RESORT_CHANNEL])];
  const unknown = (names: readonly string[], setting: string): Conflict[] =>
    names.flatMap((name, index) => {
      if (known.includes(name)) return [];
      const hint = didYouMean(name, known) || `; there are ${known.join(", ")}`;
      return [{ setting: `${setting}[${index}]`, message: `there is no channel \`${name}\`${hint}` }];
    });
  return [
    ...unknown(route.channels, `${path}.channels`),
    ...route.escalation.flatMap((step, index) => unknown(step.channels, `${path}.escalation[${index}].channels`)),
  ];
}
