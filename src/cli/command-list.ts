import type { Command } from "./command.ts";
import { alertAckCommand } from "./commands/alert-ack-command.ts";
import { alertListCommand } from "./commands/alert-list-command.ts";
import { alertReplayCommand } from "./commands/alert-replay-command.ts";
import { alertTestCommand } from "./commands/alert-test-command.ts";
import { approvalAddCommand } from "./commands/approval-add-command.ts";
import { approvalEndCommand } from "./commands/approval-end-command.ts";
import { approvalListCommand } from "./commands/approval-list-command.ts";
import { backlogAddCommand } from "./commands/backlog-add-command.ts";
import { backlogExportCommand } from "./commands/backlog-export-command.ts";
import { backlogImportCommand } from "./commands/backlog-import-command.ts";
import { backlogListCommand } from "./commands/backlog-list-command.ts";
import { backlogSetCommand } from "./commands/backlog-set-command.ts";
import { budgetExportCommand } from "./commands/budget-export-command.ts";
import { budgetImportCommand } from "./commands/budget-import-command.ts";
import { budgetListCommand } from "./commands/budget-list-command.ts";
import { budgetPreviewCommand } from "./commands/budget-preview-command.ts";
import { budgetRaiseCommand } from "./commands/budget-raise-command.ts";
import { budgetRaiseEndCommand } from "./commands/budget-raise-end-command.ts";
import { budgetRaisesCommand } from "./commands/budget-raises-command.ts";
import { budgetResetCommand } from "./commands/budget-reset-command.ts";
import { budgetSetCommand } from "./commands/budget-set-command.ts";
import { budgetShowCommand } from "./commands/budget-show-command.ts";
import { budgetTreeCommand } from "./commands/budget-tree-command.ts";
import { controlsCommand } from "./commands/controls-command.ts";
import { controlsResumeCommand, controlsStopCommand } from "./commands/controls-switch-command.ts";
import { demoCommand } from "./commands/demo-command.ts";
import { doctorCommand } from "./commands/doctor-command.ts";
import { dryrunCommand } from "./commands/dryrun-command.ts";
import { holdListCommand } from "./commands/hold-list-command.ts";
import { holdResolveCommand } from "./commands/hold-resolve-command.ts";
import { keyCreateCommand } from "./commands/key-create-command.ts";
import { keyListCommand } from "./commands/key-list-command.ts";
import { keyRevokeCommand } from "./commands/key-revoke-command.ts";
import { policyTestCommand } from "./commands/policy-test-command.ts";
import { postmortemCloseCommand, postmortemListCommand, postmortemShowCommand } from "./commands/postmortem-command.ts";
import { priceDiffCommand } from "./commands/price-diff-command.ts";
import { priceExplainCommand } from "./commands/price-explain-command.ts";
import { priceImportCommand } from "./commands/price-import-command.ts";
import { priceRepriceCommand } from "./commands/price-reprice-command.ts";
import { priceShowCommand } from "./commands/price-show-command.ts";
import { recommendCommand } from "./commands/recommend-command.ts";
import { scenarioCommand } from "./commands/scenario-command.ts";
import { serveCommand } from "./commands/serve-command.ts";
import { validateCommand } from "./commands/validate-command.ts";
import { verifyCommand } from "./commands/verify-command.ts";
import { REPORT_COMMANDS } from "./report-list.ts";

/** Every command, in the order in which help lists them. What is not here does not exist; docs/reference/cli.md lists the same. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  demoCommand,
  validateCommand,
  doctorCommand,
  verifyCommand,
  ...REPORT_COMMANDS,
  keyCreateCommand,
  keyListCommand,
  keyRevokeCommand,
  budgetListCommand,
  budgetSetCommand,
  budgetPreviewCommand,
  budgetShowCommand,
  budgetTreeCommand,
  budgetRaiseCommand,
  budgetRaisesCommand,
  budgetRaiseEndCommand,
  budgetResetCommand,
  budgetExportCommand,
  budgetImportCommand,
  priceShowCommand,
  priceRepriceCommand,
  priceExplainCommand,
  priceDiffCommand,
  priceImportCommand,
  scenarioCommand,
  policyTestCommand,
  dryrunCommand,
  controlsCommand,
  controlsStopCommand,
  controlsResumeCommand,
  approvalAddCommand,
  approvalListCommand,
  approvalEndCommand,
  postmortemListCommand,
  postmortemShowCommand,
  postmortemCloseCommand,
  recommendCommand,
  backlogListCommand,
  backlogAddCommand,
  backlogSetCommand,
  backlogExportCommand,
  backlogImportCommand,
  holdListCommand,
  holdResolveCommand,
  alertListCommand,
  alertAckCommand,
  alertReplayCommand,
  alertTestCommand,
];
