import type { RequestTrace } from "../contract/request-trace.ts";
import { formatUsdShort, type Nano, parseDecimal } from "../core/money/usd.ts";
import type { Instant } from "../core/time/window.ts";
import { percentUsed, type Standing, standingStatus } from "../reports/budget-standing.ts";
import { html, type Markup } from "./html-text.ts";
import { sharePercent } from "./nearest-budgets.ts";
import { START_PAGE_STYLE } from "./start-page-style.ts";

export interface StartPageFacts {
  readonly at: Instant;
  /** Base address for the examples, such as http://127.0.0.1:8787. */
  readonly base: string;
  readonly openReads: boolean;
  /** Those of all budgets, or those closest to their limits. */
  readonly standings: readonly Standing[];
  /** Budgets that are not among them. */
  readonly omitted: number;
  /** Sixty, oldest first. */
  readonly minutes: readonly { readonly start: Instant; readonly calls: number }[];
  readonly startedAt: Instant;
  readonly traces: readonly RequestTrace[];
  readonly warehouse: "up" | "none" | "missing" | "unavailable";
  readonly outbox: { readonly waiting: number; readonly parked: number };
}

const REFRESH_SECONDS = 5;
const MOST_BUDGETS = 50;

/** The whole page as text. Everything that came from outside is escaped by `html`. */
export function renderStartPage(facts: StartPageFacts, nonce: string): string {
  return page(
    nonce,
    html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">`,
    html`<header><h1>Ballast</h1><p>AI spend, held to its budgets</p>${time(facts.at, `as of ${clock(facts.at)} UTC`)}</header>
<main>${factCards(facts)}${budgetSection(facts)}${minuteSection(facts)}${callSection(facts)}</main>
<footer>Renews itself every ${REFRESH_SECONDS} seconds · <a href="/openapi.json">API</a> · <a href="/metrics">metrics</a> · <a href="/readyz">readiness</a> · <a href="/api/v1/budgets">budgets as JSON</a></footer>`,
  );
}

/** What a reader sees who has not shown a token to a server that asks for one. */
export function renderLockedPage(nonce: string): string {
  return page(
    nonce,
    html``,
    html`<header><h1>Ballast</h1><p>AI spend, held to its budgets</p></header>
<main><section><h2>This server shows its numbers only to those who hold its token</h2>
<p class="empty">Reload and give the admin token as the password (any user name), or send it as <code>Authorization: Bearer</code>. It is in the file <code>admin-token</code> of the data folder, or in <code>BALLAST_ADMIN_TOKEN</code>.</p></section></main>`,
  );
}

function page(nonce: string, head: Markup, body: Markup): string {
  // The style is our own constant: it needs no escaping, and escaping would break it.
  const style = `<style nonce="${nonce}">${START_PAGE_STYLE}</style>`;
  const start = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Ballast</title><link rel="icon" href="data:,">${head}`;
  return `${start.text}${style}</head><body>${html`${body}</body></html>`.text}\n`;
}

function factCards({ standings, omitted, minutes, traces, warehouse, outbox }: StartPageFacts): Markup {
  const calls = minutes.reduce((sum, minute) => sum + minute.calls, 0);
  const states = standings.map(standingStatus);
  const near = states.filter((state) => state === "warning").length;
  const over = states.filter((state) => state === "exceeded").length;
  const mood = over > 0 ? "exceeded" : near > 0 ? "warning" : "ok";
  const among = omitted > 0 ? ` among the ${grouped(standings.length)} closest to their limits` : "";
  const counted = `${over} exhausted, ${near} above their warning share${among}`;
  const last = traces[0];
  return html`<dl class="facts">
${card("Budgets", grouped(standings.length + omitted), html`<span class="${mood}">${counted}</span>`)}
${card("Calls, last 60 minutes", `${grouped(calls)}`, html`${last ? `last at ${clock(Date.parse(last.ts))} UTC` : "none recorded yet"}`)}
${card("Warehouse", WAREHOUSE_WORDS[warehouse].word, html`${WAREHOUSE_WORDS[warehouse].note}`)}
${card("Outbox", `${grouped(outbox.waiting)} waiting`, outboxNote(outbox.parked))}
</dl>`;
}

const WAREHOUSE_WORDS = {
  up: { word: "Answers", note: "traces and costs are there to be asked" },
  none: { word: "None configured", note: "budgets work, there are no reports; traces stay in the outbox" },
  missing: { word: "Not installed", note: "install the optional package chdb, or point stores.warehouse at a ClickHouse server" },
  unavailable: { word: "Does not answer", note: "budgets go on; traces wait in the outbox; ballast doctor says what is wrong" },
} as const;

function outboxNote(parked: number): Markup {
  if (parked === 0) return html`traces and alerts on their way`;
  return html`<span class="bad">${parked} parked: they could not be delivered</span>`;
}

function card(name: string, value: string, note: Markup): Markup {
  return html`<div class="fact"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
}

function budgetSection({ standings, omitted, base }: StartPageFacts): Markup {
  if (standings.length === 0) {
    return html`<section><h2>Spend against budgets</h2><p class="empty">No budget yet. A tenant gets the default budget with its first call; to set one yourself:</p>
<pre>curl -X POST ${base}/api/ai-budget/set -H "authorization: Bearer $BALLAST_ADMIN_TOKEN" -H "content-type: application/json" \\
  -d '{"tenant_id": "acme", "model": "*", "monthly_limit_usd": 50}'</pre></section>`;
  }
  const nearest = standings.toSorted((a, b) => sharePercent(b) - sharePercent(a)).slice(0, MOST_BUDGETS);
  const more = standings.length + omitted - nearest.length;
  return html`<section><h2>Spend against budgets <span>in their current window, the closest to the limit first; bars show spent, in doubt and held</span></h2>
<table><thead><tr><th>Budget</th><th></th><th class="n">Used</th><th class="n">Spent</th><th class="n">Held</th><th class="n">In doubt</th><th class="n">Limit</th><th>Resets</th></tr></thead>
<tbody>${nearest.map(budgetRow)}</tbody></table>${more > 0 ? html`<p class="empty">${grouped(more)} more at /api/v1/budgets.</p>` : undefined}</section>`;
}

function budgetRow(standing: Standing): Markup {
  const { budget, account } = standing;
  const status = standingStatus(standing);
  const name = Object.values(budget.selector).join(" · ") || "every call";
  const kind = `${budget.hard ? "hard" : "soft"}, per ${budget.window}${budget.covers === "rest" ? ", models without their own" : ""}`;
  return html`<tr><td class="name">${name}<small>${kind}</small></td><td class="bar">${budgetBar(standing)}</td>
<td class="n ${status}">${percentUsed(account.spentNano, account.limitNano).toFixed(2)} %</td><td class="n">${money(account.spentNano)}</td>
<td class="n">${money(account.heldNano)}</td><td class="n">${money(account.inDoubtNano)}</td><td class="n">${money(account.limitNano)}</td>
<td>${time(account.window.end, `${new Date(account.window.end).toISOString().slice(0, 16).replace("T", " ")} UTC`)}</td></tr>`;
}

/** Widths as SVG attributes, since the content policy allows no style attributes. */
function budgetBar(standing: Standing): Markup {
  const { account } = standing;
  const width = (nano: Nano) => Math.min(100, percentUsed(nano, account.limitNano));
  const spent = account.limitNano === 0n ? 100 : width(account.spentNano);
  const doubt = Math.min(100, spent + width(account.inDoubtNano)) - spent;
  const held = Math.min(100, spent + doubt + width(account.heldNano)) - spent - doubt;
  const label = `${money(account.spentNano)} of ${money(account.limitNano)} spent`;
  return html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="${label}"><rect class="track" width="100" height="8"/><rect class="spent ${standingStatus(standing)}" width="${spent}" height="8"/><rect class="doubtpart" x="${spent}" width="${doubt}" height="8"/><rect class="heldpart" x="${spent + doubt}" width="${held}" height="8"/></svg>`;
}

function minuteSection({ minutes, startedAt }: StartPageFacts): Markup {
  const most = minutes.reduce((max, minute) => Math.max(max, minute.calls), 0);
  const bars = minutes.map(({ start, calls }, index) => {
    const height = most === 0 ? 0 : (calls / most) * 84;
    return html`<g><title>${clock(start).slice(0, 5)} UTC: ${calls === 1 ? "1 call" : `${grouped(calls)} calls`}</title><rect class="base" x="${index * 10}" y="89" width="8" height="1"/><rect class="minute" x="${index * 10}" y="${89 - height}" width="8" height="${height}"/></g>`;
  });
  const note = `as this process has seen them since ${clock(startedAt)} UTC`;
  const peak = most === 0 ? "no calls in this hour" : `at most ${grouped(most)} a minute`;
  return html`<section class="minutes"><h2>Calls per minute <span>${note}</span></h2><svg viewBox="0 0 600 90" preserveAspectRatio="none" role="img" aria-label="Calls per minute over the last hour, ${peak}">${bars}</svg>
<div class="scale"><span>60 minutes ago</span><span>${peak}</span><span>now</span></div></section>`;
}

function callSection(facts: StartPageFacts): Markup {
  if (facts.warehouse !== "up") {
    return html`<section><h2>Last calls</h2><p class="empty">${WAREHOUSE_WORDS[facts.warehouse].word}: calls are recorded in the warehouse, so none can be listed. ${WAREHOUSE_WORDS[facts.warehouse].note}.</p></section>`;
  }
  if (facts.traces.length === 0) return html`<section><h2>Last calls</h2>${firstCallHint(facts)}</section>`;
  return html`<section><h2>Last calls</h2><table><thead><tr><th>Time (UTC)</th><th>Tenant</th><th>Model</th><th class="n">Tokens in</th><th class="n">out</th><th class="n">Cost</th><th class="n">Latency</th><th>Outcome</th></tr></thead>
<tbody>${facts.traces.map(callRow)}</tbody></table></section>`;
}

function firstCallHint({ base, openReads }: StartPageFacts): Markup {
  const token = openReads ? "" : '-H "authorization: Bearer $BALLAST_ADMIN_TOKEN" ';
  return html`<p class="empty">No call in the last 7 days. Report one that an application made itself:</p>
<pre>curl -X POST ${base}/api/ai-budget/track ${token}-H "content-type: application/json" \\
  -d '{"tenant_id": "acme", "model": "gpt-4o-mini", "prompt_tokens": 1200, "completion_tokens": 300}'</pre>
<p class="empty">Or make a key and send a call through the gateway, with any OpenAI or Anthropic SDK pointed at ${base}:</p>
<pre>curl -X POST ${base}/api/v1/keys -H "authorization: Bearer $BALLAST_ADMIN_TOKEN" -H "content-type: application/json" \\
  -d '{"name": "first", "scope": {"tenant": "acme"}}'
curl ${base}/v1/chat/completions -H "authorization: Bearer $BALLAST_KEY" -H "content-type: application/json" \\
  -d '{"model": "gpt-4o-mini", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}'</pre>`;
}

function callRow(trace: RequestTrace): Markup {
  const good = trace.outcome === "complete" || trace.outcome === "tracked" || trace.outcome === "replayed";
  const nano = trace.unit_cost_usd === null ? undefined : parseDecimal(trace.unit_cost_usd, 9, "up");
  const cost = nano === undefined ? html`<span class="soft">${trace.cost_basis}</span>` : html`${money(nano)}`;
  const latency = trace.operation === "track" ? html`<span class="soft">–</span>` : html`${grouped(Math.round(trace.latency_ms))} ms`;
  return html`<tr><td>${time(Date.parse(trace.ts), clock(Date.parse(trace.ts)))}</td><td class="name">${trace.tenant}</td><td class="name">${trace.model_id || trace.requested_model}</td>
<td class="n">${grouped(trace.prompt_tokens)}</td><td class="n">${grouped(trace.gen_tokens)}</td><td class="n">${cost}</td><td class="n">${latency}</td>
<td class="${good ? "ok" : "warning"}">${trace.outcome.replaceAll("_", " ")}${trace.error_code ? html`<small>${trace.error_code}</small>` : undefined}</td></tr>`;
}

/** "$1,234.50"; more digits below a cent. */
function money(nano: Nano): string {
  return formatUsdShort(nano).replace(/\B(?=(\d{3})+\.)/g, ",");
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

function clock(at: Instant): string {
  return new Date(at).toISOString().slice(11, 19);
}

function time(at: Instant, shown: string): Markup {
  const exact = new Date(at).toISOString();
  return html`<time datetime="${exact}" title="${exact}">${shown}</time>`;
}
