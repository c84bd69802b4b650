import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { type Sim, startSim } from "../../src/adapters/providers/sim/sim-server.ts";
import { formatUsd } from "../../src/core/money/usd.ts";
import { type PostgresServer, startPostgres } from "../servers/postgres-server.ts";
import { SeededRandom } from "../simulation/seeded-random.ts";
import { type Seen, useRest, useUp } from "./chaos-callers.ts";
import { hardAccounts, replay } from "./check-ledger.ts";
import { GatewayProcess } from "./gateway-process.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly gateways: number;
  readonly seconds: number;
  readonly faultEveryMs: number;
  readonly callers: number;
  readonly log: (line: string) => void;
}

export interface ChaosReport {
  readonly rounds: number;
  readonly answered: number;
  readonly left: number;
  readonly refused: number;
  /** Refused while a process that may have had idle money did not answer. */
  readonly refusedUnanswered: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly faults: readonly { readonly kind: string; readonly gateway: string; readonly inDoubtAfterMs: number | null }[];
  /** The least of all hot budgets that was used: settled or in doubt, of the limit. */
  readonly leastUsed: number;
  readonly mostOverNano: bigint;
  readonly inDoubtUsd: string;
  readonly findings: readonly string[];
}

const LIMIT_USD = "10";
const KINDS = ["kill", "pause", "cut", "restart the store", "move the clock"] as const;
type Kind = (typeof KINDS)[number];

interface Fault {
  readonly kind: Kind;
  readonly gateway: string;
  /** How the store knows the process: host and process id. */
  readonly process: string;
  readonly at: number;
}

/**
 * Gateways in processes of their own on one PostgreSQL, callers who use up one hard budget after the other, each within two larger ones,
 * and every few seconds something that breaks.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-chaos-"));
  const server = await startPostgres();
  const sim = await startSim({ keepRecords: 10_000_000 });
  const world = new ChaosWorld(options, folder, server, sim);
  let report: ChaosReport | undefined;
  try {
    report = await world.run();
    return report;
  } finally {
    await world.close();
    await sim.close();
    await server.close();
    if (report && itHeld(report)) rmSync(folder, { recursive: true, force: true });
    else options.log(`what the gateways said is in ${folder}/*/log`);
  }
}

/** Nothing over, refused wrongly, lost or unexplained; all but a thousandth used; what was silent in doubt within five seconds. */
export function itHeld({ findings, mostOverNano, leastUsed, faults }: ChaosReport): boolean {
  const late = faults.filter(({ inDoubtAfterMs }) => inDoubtAfterMs !== null && inDoubtAfterMs > 5000);
  return findings.length === 0 && mostOverNano <= 0n && leastUsed >= 0.999 && late.length === 0;
}

class ChaosWorld {
  readonly #options: ChaosOptions;
  readonly #folder: string;
  readonly #server: PostgresServer;
  readonly #sim: Sim;
  readonly #random: SeededRandom;
  readonly #gateways: GatewayProcess[] = [];
  readonly #busy = new Set<GatewayProcess>();
  readonly #faults: Fault[] = [];
  readonly #mending: Promise<unknown>[] = [];
  readonly #seen: Seen = { answered: 0, left: 0, failed: new Map(), acknowledgedNano: 0n, refusals: [] };
  readonly #usedUp = new Set<string>();
  #url = "";
  #storeBackAt = 0;
  #rounds = 0;

  constructor(options: ChaosOptions, folder: string, server: PostgresServer, sim: Sim) {
    this.#options = options;
    this.#folder = folder;
    this.#server = server;
    this.#sim = sim;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<ChaosReport> {
    const { seconds, log } = this.#options;
    await this.#startGateways();
    log(`${this.#gateways.length} gateways serve`);
    const end = performance.now() + seconds * 1000;
    const breaking = this.#breakThings(end);
    while (performance.now() < end) await this.#round(() => performance.now() >= end);
    await breaking;
    await Promise.all(this.#mending);
    log("everything is mended; the last budget is used up in peace");
    await sleep(1500);
    await this.#round(() => false);
    return await this.#report();
  }

  async close(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.stop("SIGKILL").catch(() => {})));
    for (const gateway of this.#gateways) gateway.line.close();
  }

  async #startGateways(): Promise<void> {
    this.#url = await this.#server.database();
    const database = new URL(this.#url).pathname.slice(1);
    for (let number = 1; number <= this.#options.gateways; number++) {
      const folder = join(this.#folder, `gateway-${number}`);
      this.#gateways.push(await GatewayProcess.prepare(`gateway-${number}`, folder, this.#server.port, database, this.#sim.url));
    }
    // At once, as a deployment does: migrations included.
    await Promise.all(this.#gateways.map((gateway) => gateway.start()));
    await this.#api("POST", "/api/v1/budgets/provider=openai", { limit_usd: "1000000" });
  }

  /** One budget of 10 USD from full to used up. */
  async #round(isOver: () => boolean): Promise<void> {
    const number = ++this.#rounds;
    const { callers, log } = this.#options;
    await this.#api("POST", `/api/v1/budgets/team=t${number}`, { limit_usd: "10.01" });
    await this.#api("POST", `/api/v1/budgets/tenant=r${number}`, { limit_usd: LIMIT_USD });
    const scope = { tenant: `r${number}`, team: `t${number}` };
    const { secret } = await this.#api<{ secret: string }>("POST", "/api/v1/keys", { name: `r${number}`, scope });
    await sleep(100);
    const seeds = Array.from({ length: callers }, () => this.#random.whole(1 << 30));
    await Promise.all(seeds.map((seed) => useUp(this.#gateways, secret, new SeededRandom(seed), this.#seen, isOver)));
    if (!isOver())
      await useRest(
        this.#gateways.filter((gateway) => !this.#busy.has(gateway)),
        secret,
        this.#seen,
      );
    log(`round ${number}: ${this.#seen.answered} calls answered, ${this.#seen.refusals.length} refused so far`);
  }

  async #breakThings(end: number): Promise<void> {
    const { faultEveryMs, log } = this.#options;
    // Every kind comes once before any comes twice.
    let left: Kind[] = [];
    for (;;) {
      await sleep(Math.min(faultEveryMs, Math.max(0, end - performance.now())));
      if (performance.now() >= end - 1000) return;
      if (left.length === 0) left = [...KINDS];
      const kind = left.splice(this.#random.whole(left.length), 1)[0]!;
      const free = this.#gateways.filter((gateway) => !this.#busy.has(gateway) && gateway.pid !== undefined);
      const gateway = this.#random.pick(free);
      log(`${kind}: ${kind === "restart the store" ? "PostgreSQL" : gateway.name}`);
      this.#faults.push({ kind, gateway: gateway.name, process: `${hostname()}:${gateway.pid}`, at: Date.now() });
      this.#mending.push(this.#cause(kind, gateway));
    }
  }

  async #cause(kind: Kind, gateway: GatewayProcess): Promise<void> {
    if (kind === "restart the store") {
      await this.#server.restart();
      this.#storeBackAt = Date.now();
      return;
    }
    if (kind === "move the clock") {
      gateway.signal("SIGUSR2");
      return;
    }
    this.#busy.add(gateway);
    if (kind === "kill") {
      await gateway.stop("SIGKILL");
      await sleep(7000);
      await this.#startAgain(gateway);
    } else if (kind === "pause") {
      gateway.signal("SIGSTOP");
      await sleep(15_000);
      gateway.signal("SIGCONT");
    } else {
      gateway.line.cut();
      await sleep(8000);
      gateway.line.mend();
    }
    this.#busy.delete(gateway);
  }

  async #startAgain(gateway: GatewayProcess): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await gateway.start();
        return;
      } catch (error) {
        if (tries === 10) throw error;
        await sleep(500);
      }
    }
  }

  /** Asks whoever is not broken, until somebody answers. */
  async #api<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const free = this.#gateways.filter((gateway) => !this.#busy.has(gateway));
      try {
        return await this.#random.pick(free).api<Answer>(method, path, body);
      } catch (error) {
        if (tries === 60) throw error;
        await sleep(300);
      }
    }
  }

  async #report(): Promise<ChaosReport> {
    const sql = postgres(this.#url, { max: 1, types: { bigint: postgres.BigInt }, onnotice: () => {} });
    try {
      const seen = this.#seen;
      // Every call has ended, and the heartbeats have told the last of them.
      await sleep(2000);
      const verdict = await this.#api<{ findings: string[] }>("POST", "/api/v1/verify", {});
      const accounts = await hardAccounts(sql);
      const findings = [...verdict.findings, ...(await replay(sql, seen.refusals, accounts))];
      const all = accounts.find(({ id }) => id.startsWith("provider=openai@"))!;
      const countedNano = all.spentNano + all.inDoubtNano + all.leasedNano;
      if (this.#billedNano() > countedNano)
        findings.push(`the provider bills ${formatUsd(this.#billedNano())}, and ${formatUsd(countedNano)} are counted`);
      if (seen.acknowledgedNano > all.spentNano)
        findings.push(`callers were told of ${formatUsd(seen.acknowledgedNano)}, and ${formatUsd(all.spentNano)} are booked`);
      const overs = accounts.map(({ limitNano, spentNano, inDoubtNano, leasedNano }) => spentNano + inDoubtNano + leasedNano - limitNano);
      const mostOverNano = overs.reduce((most, over) => (over > most ? over : most), 0n);
      // The one that the end of the time found half used says nothing.
      const usedUp = accounts.filter(({ id }) => this.#usedUp.has(id.slice(0, id.indexOf("@"))));
      const used = usedUp.map(
        ({ spentNano, inDoubtNano, limitNano }) => Number(((spentNano + inDoubtNano) * 1_000_000n) / limitNano) / 1_000_000,
      );
      return {
        rounds: this.#rounds,
        answered: seen.answered,
        left: seen.left,
        refused: seen.refusals.length,
        refusedUnanswered: seen.refusals.filter(({ awaited }) => awaited.length > 0).length,
        failed: Object.fromEntries(seen.failed),
        faults: await this.#inDoubtAfter(sql),
        leastUsed: Math.min(1, ...used),
        mostOverNano,
        inDoubtUsd: formatUsd(all.inDoubtNano),
        findings,
      };
    } finally {
      await sql.end();
    }
  }

  /** From the fault to the leases in doubt, by the clock of the store, which is this machine's; nobody is expected to act while it is away. */
  async #inDoubtAfter(sql: postgres.Sql<{ bigint: bigint }>): Promise<ChaosReport["faults"]> {
    const silencing = this.#faults.filter(({ kind }) => kind === "kill" || kind === "pause" || kind === "cut");
    return await Promise.all(
      silencing.map(async ({ kind, gateway, process, at }) => {
        const rows = await sql`SELECT expired_at FROM process WHERE name = ${process} AND expired_at >= ${at} ORDER BY expired_at LIMIT 1`;
        const expiredAt = rows[0] ? Number(rows[0].expired_at) : undefined;
        const since = this.#storeBackAt > at && expiredAt !== undefined && this.#storeBackAt < expiredAt ? this.#storeBackAt : at;
        return { kind, gateway, inDoubtAfterMs: expiredAt === undefined ? null : expiredAt - since };
      }),
    );
  }

  #billedNano(): bigint {
    const pricesNano: Record<string, readonly [bigint, bigint]> = { "gpt-4o": [2500n, 10_000n], "gpt-4.1-nano": [100n, 400n] };
    return this.#sim.stats().billed.reduce((sum, { model, inputTokens, outputTokens }) => {
      const [input, output] = pricesNano[model ?? ""] ?? [0n, 0n];
      return sum + BigInt(inputTokens) * input + BigInt(outputTokens) * output;
    }, 0n);
  }
}
