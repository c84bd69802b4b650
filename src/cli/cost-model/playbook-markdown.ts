import type { BacklogAnswer } from "../../contract/backlog-contract.ts";
import { leverCalled } from "../../core/backlog/saving-lever-list.ts";
import { OVERLAP, savingText } from "../commands/backlog-list-command.ts";
import { markdownCell } from "../scenario/markdown-cell.ts";
import { scopeText } from "../scenario/scenario-words.ts";

/** optimization_playbook.md: the backlog with owners and dates, what each item saves and how it is known, and what to do. */
export function playbookMarkdown({ from, to, items }: BacklogAnswer): string {
  const head = ["lever", "scope", "target", "measured", "expected saving", "owner", "eta", "status"];
  const rows = items.map(({ title, scope, target, expectation, owner, eta, status }) => [
    title,
    scopeText(scope),
    target,
    expectation.baseline ?? "–",
    savingText(expectation),
    owner || "nobody yet",
    eta ?? "–",
    status.replace("_", " "),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.map(markdownCell).join(" | ")} |`;
  const parts = [
    "# Optimization playbook",
    `Savings are computed from the calls of ${from} to ${to}, scaled to 30 days and rounded down. ${OVERLAP}`,
    items.length === 0 ? "The backlog is empty." : [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n"),
  ];
  for (const { id, title, lever, expectation, note, updated_at } of items) {
    const facts = [...expectation.caveats, ...(note === "" ? [] : [note]), `Changed last: ${updated_at}.`];
    parts.push(`## ${markdownCell(`${title} (${id})`)}`);
    const runbook = leverCalled(lever)?.runbook;
    if (runbook !== undefined) parts.push(runbook);
    parts.push(facts.map((fact) => `- ${markdownCell(fact)}`).join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}
