import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { conflictsOf, type Numbered, type SoundParts } from "./check-config.ts";
import { completeBudget, completeProvider, completeTiers } from "./complete-config.ts";
import { type ConfigFinding, type Conflict, configProblem } from "./config-finding.ts";
import type { Config, WrittenConfig } from "./config-schema.ts";
import { type Environment, environment as processEnvironment } from "./environment.ts";
import { readSettings, type SettingsReading } from "./read-settings.ts";
import { readTextFile } from "./read-text-file.ts";
import { TEXT_FORMATS } from "./text-formats.ts";

export { isLoopback } from "./text-formats.ts";

export interface ConfigSource {
  /** The file that the user named, if any. */
  readonly path?: string | undefined;
  /** What the command line says; goes before the file. */
  readonly overrides?: ConfigOverrides | undefined;
  /** The process's own by default. */
  readonly environment?: Environment | undefined;
}

export interface ConfigOverrides {
  readonly data_dir?: string | undefined;
  readonly workers?: number | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

const MOST_FILE_BYTES = 4 * 1024 * 1024;

/** --config, else BALLAST_CONFIG, else ballast.yaml if there is one. Undefined: there is no file and the defaults hold. */
export function findConfigFile({ path, environment = processEnvironment }: ConfigSource = {}): string | undefined {
  const named = path ?? (environment("BALLAST_CONFIG") || undefined);
  if (named !== undefined) return named;
  return existsSync("ballast.yaml") ? "ballast.yaml" : undefined;
}

/**
 * The settings that hold: command line, then file, then defaults.
 * @throws Problem config_invalid that names everything that is wrong, as `problems` in its details
 */
export function readConfig(source: ConfigSource = {}): Config {
  const file = findConfigFile(source);
  return parseConfig(file === undefined ? "" : readConfigFile(file), file, source);
}

/** As `readConfig`, of a YAML text that is at hand. @param file its name, for messages */
export function parseConfig(text: string, file: string | undefined, source: Omit<ConfigSource, "path"> = {}): Config {
  const environment = source.environment ?? processEnvironment;
  const reading = readSettings(text, environment);
  // Without the outer settings there is nothing to compare.
  if (reading.value === undefined) throw configProblem(file, reading.findings);
  const { written, findings } = withAdminToken(withOverrides(reading.value as WrittenConfig, source.overrides ?? {}), environment);
  const sound = soundParts(written, reading);
  const conflicts = conflictsOf(sound).map((conflict) => placed(conflict, reading));
  const all = [...reading.findings, ...findings, ...conflicts];
  if (all.length > 0) throw configProblem(file, all);
  return {
    ...written,
    data_dir: resolve(written.data_dir),
    controls: { ...written.controls, policies: written.controls.policies.map((policy) => resolve(dirname(file ?? ""), policy)) },
    tiers: [...sound.tiers],
    budgets: sound.budgets.map(({ entry }) => entry),
    providers: sound.providers.map(({ entry }) => entry),
  };
}

function readConfigFile(file: string): string {
  return readTextFile(file, MOST_FILE_BYTES, (message, cause) =>
    configProblem(file, [{ setting: "", line: 0, column: 0, message }], cause),
  );
}

function withOverrides(written: WrittenConfig, { data_dir, host, port, workers }: ConfigOverrides): WrittenConfig {
  const listen = { host: host ?? written.listen.host, port: port ?? written.listen.port };
  const gateway = workers === undefined ? written.gateway : { ...written.gateway, workers };
  return { ...written, data_dir: data_dir ?? written.data_dir, listen, gateway };
}

function withAdminToken(written: WrittenConfig, environment: Environment): { written: WrittenConfig; findings: ConfigFinding[] } {
  const token = environment("BALLAST_ADMIN_TOKEN");
  if (written.admin_token !== undefined || token === undefined || token === "") return { written, findings: [] };
  if (TEXT_FORMATS.token.test(token)) return { written: { ...written, admin_token: token }, findings: [] };
  const message = `expected ${TEXT_FORMATS.token.expected}, found something else in BALLAST_ADMIN_TOKEN`;
  return { written, findings: [{ setting: "admin_token", line: 0, column: 0, message }] };
}

/** What can be compared with each other: entries in which nothing is wrong so far. */
function soundParts(written: WrittenConfig, { findings, places }: SettingsReading): SoundParts {
  const isSound = (path: string) =>
    !findings.some(({ setting }) => setting === path || setting.startsWith(`${path}.`) || setting.startsWith(`${path}[`));
  const soundOf = <Entry>(entries: readonly Entry[], list: string): Numbered<Entry> =>
    entries.map((entry, index) => ({ index, entry })).filter(({ index, entry }) => entry !== undefined && isSound(`${list}[${index}]`));
  const writtenTiers = soundOf(written.tiers, "tiers");
  const tiers = completeTiers(writtenTiers.map(({ entry }) => entry));
  return {
    listen: written.listen,
    // A token that cannot be used is told as such, not as missing.
    hasAdminToken: written.admin_token !== undefined || !isSound("admin_token"),
    defaultBudget: isSound("default_budget") ? written.default_budget : null,
    runBudget: isSound("run_budget") ? written.run_budget : null,
    tiers,
    writtenTiers,
    tierNames: [...tiers.map(({ name }) => name), ...written.tiers.flatMap((tier: { name?: string } | undefined) => tier?.name ?? [])],
    budgets: soundOf(written.budgets, "budgets").map(({ index, entry }) => {
      return { index, entry: completeBudget(entry, tiers, (setting) => places.has(`budgets[${index}].${setting}`)) };
    }),
    unlimited: soundOf(written.budgets, "budgets").filter(({ entry }) => entry.limit_usd === undefined && entry.tier === undefined),
    providers: soundOf(written.providers, "providers").map(({ index, entry }) => ({ index, entry: completeProvider(entry) })),
    // A hole where an entry cannot be read at all; the name of one with another fault still counts.
    providerNames: written.providers.flatMap((provider: { name?: string } | undefined) => provider?.name ?? []),
    routes: soundOf(written.routes, "routes"),
    prices: soundOf(written.prices, "prices"),
    contracts: soundOf(written.contracts, "contracts"),
    markups: soundOf(written.markups, "markups"),
    fxRates: soundOf(written.fx_rates, "fx_rates"),
    channels: soundOf(written.notify.channels, "notify.channels"),
    channelNames: written.notify.channels.flatMap((channel: { name?: string } | undefined) => channel?.name ?? []),
    alertRoutes: soundOf(written.notify.routes, "notify.routes"),
    ladders: soundOf(written.model_sizes, "model_sizes"),
    policies: written.controls.policies,
    unitCosts: {
      prices: soundOf(written.unit_costs.prices, "unit_costs.prices"),
      pools: soundOf(written.unit_costs.pools, "unit_costs.pools"),
      revenue: soundOf(written.unit_costs.revenue, "unit_costs.revenue"),
      baselines: soundOf(written.unit_costs.baselines, "unit_costs.baselines"),
    },
  };
}

/** At the place of the setting, or of the nearest setting around it that the file names. */
function placed(conflict: Conflict, { places }: SettingsReading): ConfigFinding {
  let path = conflict.setting;
  while (path !== "") {
    const place = places.get(path);
    if (place) return { ...conflict, ...place };
    path = path.slice(0, Math.max(path.lastIndexOf("."), path.lastIndexOf("["), 0));
  }
  return { ...conflict, line: 0, column: 0 };
}
