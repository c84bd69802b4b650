import type { AlertMessage, Channel, SlackSettings } from "../channel.ts";
import { postJson } from "../post-json.ts";

/** Slack's incoming webhooks: Block Kit for people, plain text for notifications on a phone. */
export function slackChannel({ kind, name, quietHours, timeoutMs, url }: SlackSettings): Channel {
  return {
    kind,
    name,
    quietHours,
    timeoutMs,
    followsEach: false,
    send: (message, signal) => postJson(url, JSON.stringify(slackBody(message)), { "content-type": "application/json" }, signal),
    close() {},
  };
}

/** Slack takes headers of at most 150 characters and sections of at most 3000. */
export function slackBody({ alert, phase, words, event }: AlertMessage): object {
  const { runbook } = event.data;
  const isOver = phase === "resolved";
  const sign = isOver ? "✅" : { info: "ℹ️", warning: "⚠️", critical: "🚨" }[alert.severity];
  const title = `${sign} ${words.title}`;
  const link = /^https?:/.test(runbook) ? `<${escaped(runbook)}|Runbook>` : `Runbook: \`${escaped(runbook)}\``;
  const doFirst = isOver ? [] : [section(`*First:* ${escaped(words.doFirst)}`)];
  const ack = isOver || alert.ackedAt !== null ? "" : ` · Acknowledge: \`ballast alert ack ${alert.id}\``;
  return {
    text: escaped(`${title}. ${words.happened}`),
    blocks: [
      { type: "header", text: { type: "plain_text", text: cut(title, 150), emoji: true } },
      section(escaped(words.happened)),
      ...doFirst,
      { type: "context", elements: [{ type: "mrkdwn", text: cut(`*${alert.severity}* · ${link}${ack} · ${event.id}`, 2000) }] },
    ],
  };
}

function section(text: string) {
  return { type: "section", text: { type: "mrkdwn", text: cut(text, 3000) } };
}

/** Names of budgets and tenants come from callers: they must not become mentions or links. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
