import type postgres from "postgres";
import { type Account, availableNano } from "../../src/core/ledger/budget.ts";
import { type Posting, post } from "../../src/core/ledger/posting.ts";
import { formatUsd, usd } from "../../src/core/money/usd.ts";
import type { Refusal } from "./chaos-callers.ts";

type Sql = postgres.Sql<{ bigint: bigint }>;

export interface HotAccount {
  readonly id: string;
  readonly limitNano: bigint;
  readonly spentNano: bigint;
  readonly inDoubtNano: bigint;
  readonly leasedNano: bigint;
  readonly overrunNano: bigint;
}

export async function hardAccounts(sql: Sql): Promise<HotAccount[]> {
  const rows =
    await sql`SELECT id, limit_nano, spent_nano, in_doubt_nano, leased_nano, overrun_nano FROM account WHERE hard = 1 ORDER BY id`;
  return rows.map((row) => ({
    id: String(row.id),
    limitNano: BigInt(row.limit_nano),
    spentNano: BigInt(row.spent_nano),
    inDoubtNano: BigInt(row.in_doubt_nano),
    leasedNano: BigInt(row.leased_nano),
    overrunNano: BigInt(row.overrun_nano),
  }));
}

/**
 * Replays the ledger's entries. In every state between two of them no hard account may be over its limit, and each refusal must be what
 * the entries up to its own say: the numbers it told, and too little for the call.
 * @returns findings, each a sentence
 */
export async function replay(sql: Sql, refusals: readonly Refusal[], accounts: readonly HotAccount[]): Promise<string[]> {
  const findings: string[] = [];
  const states = new Map<string, Account>(accounts.map(({ id, limitNano }) => [id, blank(id, limitNano)]));
  const waiting = [...refusals].sort((one, other) => one.as_of_entry - other.as_of_entry);
  let next = 0;
  const judgeUpTo = (seq: number) => {
    for (; next < waiting.length && waiting[next]!.as_of_entry <= seq; next++) findings.push(...judge(waiting[next]!, states));
  };
  const rows = sql`SELECT seq, kind, accounts, amount_nano, held_nano, input_tokens, output_tokens FROM entry ORDER BY seq`;
  for await (const some of rows.cursor(2000)) {
    for (const row of some) {
      judgeUpTo(Number(row.seq) - 1);
      for (const id of String(row.accounts).split("\n")) {
        const before = states.get(id);
        if (!before) continue;
        const amounts = { amountNano: BigInt(row.amount_nano), heldNano: BigInt(row.held_nano) };
        const tokens = { inputTokens: Number(row.input_tokens), outputTokens: Number(row.output_tokens) };
        const after = post(before, { kind: row.kind as Posting["kind"], ...amounts, ...tokens });
        if (availableNano(after) < 0n) findings.push(`${id} is ${formatUsd(-availableNano(after))} over after entry ${row.seq}`);
        states.set(id, after);
      }
    }
  }
  judgeUpTo(Number.MAX_SAFE_INTEGER);
  return findings;
}

function judge(refusal: Refusal, states: ReadonlyMap<string, Account>): string[] {
  const state = states.get(refusal.account);
  const where = `the refusal on ${refusal.account} as of entry ${refusal.as_of_entry}`;
  if (!state) return [`${where} names no account`];
  const said = [refusal.spent_usd, refusal.in_doubt_usd, refusal.leased_usd, refusal.limit_usd].map((text) => usd(text));
  const booked = [state.spentNano, state.inDoubtNano, state.leasedNano, state.limitNano];
  const findings: string[] = [];
  if (booked.some((nano, index) => nano !== said[index]))
    findings.push(`${where} told ${said.map(formatUsd).join(" ")}, the entries say ${booked.map(formatUsd).join(" ")}`);
  // What the refusing process had idle itself it counted as free.
  if (usd(refusal.needed_usd) <= usd(refusal.free_usd)) findings.push(`${where} had ${refusal.free_usd} free for ${refusal.needed_usd}`);
  if (usd(refusal.needed_usd) <= availableNano(state))
    findings.push(`${where} refused ${refusal.needed_usd} of ${formatUsd(availableNano(state))}`);
  return findings;
}

function blank(id: string, limitNano: bigint): Account {
  const nothing = { spentNano: 0n, creditedNano: 0n, inDoubtNano: 0n, leasedNano: 0n, overrunNano: 0n, inputTokens: 0n, outputTokens: 0n };
  return { id, budgetId: "", window: { start: 0, end: 0 }, hard: true, limitNano, ...nothing };
}
