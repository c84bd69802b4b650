import type { Command } from "./command.ts";
import { reportBacklogCommand } from "./commands/report-backlog-command.ts";
import { reportCostModelCommand } from "./commands/report-cost-model-command.ts";
import { reportCostTraceCommand } from "./commands/report-cost-trace-command.ts";
import { reportRunsCommand } from "./commands/report-runs-command.ts";
import { reportSavingsCommand } from "./commands/report-savings-command.ts";
import { reportUcrCommand } from "./commands/report-ucr-command.ts";
import { reportUsageCommand } from "./commands/report-usage-command.ts";
import { reportWhyCommand } from "./commands/report-why-command.ts";

/** Every `ballast report …`, in the order in which help lists them: one file each, `commands/report-<name>-command.ts`, and one line here. */
export const REPORT_COMMANDS: readonly Command[] = [
  reportUsageCommand,
  reportUcrCommand,
  reportWhyCommand,
  reportRunsCommand,
  reportCostModelCommand,
  reportCostTraceCommand,
  reportBacklogCommand,
  reportSavingsCommand,
];
