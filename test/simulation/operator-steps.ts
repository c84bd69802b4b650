import { windowAt } from "../../src/core/time/window.ts";
import { epochOfLostLease } from "../../src/data/store/lost-lease.ts";
import type { Hold } from "../../src/ports/ledger-store.ts";
import type { ProcessWorld } from "./process-world.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

const TENANTS = ["a", "b", "c"];
const MODELS = ["small", "large"];

export function anyScope(random: SeededRandom) {
  return { tenant: random.pick(TENANTS), model: random.pick(MODELS), team: "t" };
}

export function changeOf(target: string) {
  return { actor: "operator", action: "budget.set", target, reason: "", before: null, after: null };
}

/** With the provider's bill in hand. An expired lease is resolved only when no process can send on it any more. */
export function resolveSomeDoubt(world: ProcessWorld, process: SimulatedProcess): void {
  const { random } = world;
  const [listed] = process.engine.run([{ operation: "holdsInDoubt", parameters: [50] }]);
  if (!listed?.ok) throw listed?.error;
  const holds = (listed.value as readonly Hold[]).filter(({ holdId }) => {
    const epoch = epochOfLostLease(holdId);
    return epoch === undefined || world.isDead(epoch);
  });
  const sums = holds.filter(({ holdId }) => epochOfLostLease(holdId) !== undefined);
  const among = sums.length > 0 && random.chance(0.6) ? sums : holds;
  const many = random.chance(0.3) ? among.length : 1;
  for (const hold of among.slice(0, many)) resolve(world, process, hold);
}

function resolve({ laws, time }: ProcessWorld, process: SimulatedProcess, { holdId, accounts }: Hold): void {
  const epoch = epochOfLostLease(holdId);
  // What was in a journal but never sent has cost nothing.
  const ofCall = () => laws.calls.find((call) => call.holdId === holdId)?.costNano ?? 0n;
  const amountNano = epoch === undefined ? ofCall() : laws.billedBeyondEntries(epoch, accounts[0]!);
  const request = { holdId, amountNano, at: time.storeMs, actor: "operator", reason: "the bill" };
  const [resolved] = process.engine.run([{ operation: "resolveDoubt", parameters: [request] }]);
  if (!resolved?.ok) throw resolved?.error;
  if (epoch !== undefined) laws.explained.add(epoch);
}

/** Others learn of it with their next beat. A limit falls only where accounts may then be over it. */
export async function changeSomeBudget({ random, time, mayOverrun }: ProcessWorld, process: SimulatedProcess): Promise<void> {
  const budgets = process.catalog.all();
  // Nobody has told it of any yet.
  if (budgets.length === 0) return;
  const budget = random.pick(budgets);
  const { limitNano: knownNano } = budget;
  const limitNano = mayOverrun ? (knownNano * BigInt(50 + random.whole(100))) / 100n : knownNano;
  await process.catalog.put({ ...budget, limitNano, updatedAt: time.storeMs }, changeOf(budget.id));
}

/** Usage reported after the fact, twice. */
export async function track({ random, time }: ProcessWorld, process: SimulatedProcess, requestId: string): Promise<void> {
  const scope = anyScope(random);
  const at = time.storeMs;
  const wants = process.catalog.matching(scope).map(({ id, window, zone }) => ({ budgetId: id, window: windowAt(window, zone, at) }));
  const amountNano = BigInt(random.whole(200));
  const tokens = { inputTokens: 1, outputTokens: 1 };
  const trace = JSON.stringify({ trace_id: requestId });
  const request = { requestId, at, tenant: scope.tenant, wants, create: [], amountNano, ...tokens, fingerprint: "f", trace };
  await process.store.track(request);
  const again = await process.store.track(request);
  if (again.outcome !== "repeated") throw new Error("the same request was booked twice");
}
