import type { Config } from "../../config/config-schema.ts";
import { environment } from "../../config/environment.ts";
import { keyVariables } from "../../config/key-variables.ts";
import { readConfig } from "../../config/read-config.ts";
import { Problem } from "../../contract/problem.ts";
import { systemClock } from "../../std/system-clock.ts";
import { CONFIG_OPTION, type Command, type CommandContext } from "../command.ts";
import { checkCache } from "../doctor/check-cache.ts";
import { checkDataFolder, checkDiskSpace, checkEmbeddedWarehouse, checkNode } from "../doctor/check-machine.ts";
import { checkPolicies } from "../doctor/check-policies.ts";
import { checkPrices } from "../doctor/check-prices.ts";
import { checkProviders, checkReachable } from "../doctor/check-providers.ts";
import { checkNamedServer, checkPort } from "../doctor/check-server.ts";
import { type DoctorCheck, doctorText, fail, ok } from "../doctor/doctor-check.ts";
import { settingLine, settingProblems } from "../failure-report.ts";
import { checkUrl, configPath } from "../server-address.ts";

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Looks at machine, configuration, prices, providers and server, and says what to do; a failed check is exit code 1.",
  usage: "",
  options: [
    CONFIG_OPTION,
    { name: "url", type: "string", value: "url", description: "Look at this server; BALLAST_URL, or what answers on listen, unless set" },
  ],
  async run(context) {
    const checks = await allChecks(context);
    const well = checks.every(({ status }) => status !== "fail");
    context.out(context.json ? JSON.stringify({ ok: well, checks }) : doctorText(checks));
    return well ? 0 : 1;
  },
};

/** Goes on after a wrong configuration, with what can be checked without one. */
async function allChecks(context: CommandContext): Promise<DoctorCheck[]> {
  const named = context.text("url") ?? environment("BALLAST_URL");
  const url = named === undefined ? undefined : checkUrl(named);
  const { config, checks } = checkConfig(context);
  if (!config) return [checkNode(process.versions.node), ...checks, ...(url === undefined ? [] : await checkNamedServer(url))];
  const [warehouse, cache, providers, server] = await Promise.all([
    checkWarehouse(config.stores.warehouse),
    checkCache(config.stores.cache, config.stores.cache_prefix),
    checkProviders(config.providers, keyVariables(configPath(context))),
    url === undefined ? checkPort(config.listen) : checkNamedServer(url),
  ]);
  return [
    checkNode(process.versions.node),
    ...checks,
    checkDataFolder(config.data_dir),
    checkDiskSpace(config.data_dir),
    warehouse,
    ...cache,
    ...checkPrices(config, systemClock()),
    ...checkPolicies(config),
    ...providers,
    ...server,
  ];
}

function checkConfig(context: CommandContext): { readonly config: Config | undefined; readonly checks: readonly DoctorCheck[] } {
  try {
    const config = readConfig(configPath(context));
    return {
      config,
      checks: [
        ok("configuration", `${context.text("config") ?? environment("BALLAST_CONFIG") ?? "ballast.yaml, or the defaults,"} can be used`),
      ],
    };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "config_invalid") throw error;
    const lines = settingProblems(error.details).map(settingLine);
    const remedy = "Correct it; `ballast validate` checks again.";
    return { config: undefined, checks: (lines.length > 0 ? lines : [error.message]).map((line) => fail("configuration", line, remedy)) };
  }
}

/** As the server says of itself: a choice, and what follows from it. */
const NO_WAREHOUSE = "none configured: calls and budgets work, there are no reports, and traces stay in the ledger's outbox";

async function checkWarehouse(where: string): Promise<DoctorCheck> {
  if (where === "chdb") return checkEmbeddedWarehouse();
  if (where === "none") return ok("warehouse", NO_WAREHOUSE);
  return checkReachable("warehouse", where);
}
