import { reuseTerms } from "../core/answer-reuse/reuse-terms.ts";
import type { LeverSubjects } from "../core/levers/levers-in-force.ts";
import type { Caller } from "./authenticate-call.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { type Gateway, handleCall } from "./handle-call.ts";
import { ownRequest, unreadResponse } from "./own-call.ts";

/** A request whose answer may be had anew before it is too old. */
export interface Frequent {
  readonly owner: string;
  readonly fingerprint: string;
  readonly subjects: LeverSubjects;
  readonly dialect: Dialect;
  readonly caller: Caller;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

interface Counted {
  readonly of: Frequent;
  keptAt: number;
  /** Callers who got its answer since. */
  asked: number;
  /** What it was asked before, half of it for each time that it was answered anew. */
  before: number;
}

/** What nobody asked for twice while its answer lasted is not worth another. */
const LEAST_ASKED = 2;
/** When its answer has this share of its time behind it, another is had. */
const DUE_AT = 0.8;
/** Requests that wait to be asked again, in all. */
const MOST_BYTES = 16 * 2 ** 20;
const ENTRY_BYTES = 1024;
/** One after the other, and so many in a turn: callers come first. */
const MOST_IN_A_TURN = 20;

/**
 * Knows what is asked for again and again where the lever cache_prewarm is turned, and has the answers of the most frequent anew before they
 * are too old. An intent is an answer: whoever got it, by the same request or in other words, counts for it.
 */
export class AnswerPrewarmer {
  readonly #counted = new Map<string, Counted>();
  #bytes = 0;

  /** An answer is kept. */
  kept(of: Frequent, at: number): void {
    const key = keyOf(of);
    const known = this.#counted.get(key);
    this.#drop(key);
    const bytes = bytesOf(of);
    if (bytes > MOST_BYTES) return;
    this.#counted.set(key, { of, keptAt: at, asked: 0, before: known ? Math.floor((known.asked + known.before) / 2) : 0 });
    this.#bytes += bytes;
    for (const oldest of this.#counted.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#drop(oldest);
    }
  }

  /** Somebody got it again. */
  asked(name: Pick<Frequent, "owner" | "fingerprint">): void {
    const counted = this.#counted.get(keyOf(name));
    if (counted) counted.asked += 1;
  }

  /** Has answers anew that are due; those of each use case that are asked for most, as many as its lever says. @returns how many */
  async turn(gateway: Gateway): Promise<number> {
    const due = this.#due(gateway);
    for (const { counted, lever } of due) {
      // Whatever becomes of it: it is asked once, and again only when callers have asked again.
      counted.before = Math.floor((counted.asked + counted.before) / 2);
      counted.asked = 0;
      await askAgain(gateway, counted.of, lever);
    }
    return due.length;
  }

  #due(gateway: Gateway): { readonly counted: Counted; readonly lever: string }[] {
    const now = gateway.now();
    const byUseCase = Map.groupBy(this.#counted.values(), ({ of }) => of.subjects.useCase ?? "");
    return [...byUseCase.values()]
      .flatMap((all) => {
        const ranked = all.sort((one, other) => other.asked + other.before - (one.asked + one.before));
        return ranked.flatMap((counted, rank) => {
          const levers = gateway.levers.inForce(counted.of.subjects);
          // Its calls are of priority p2: none while callers of that priority have to wait.
          const most = levers.cache_only || levers.pace_p2 !== undefined ? 0 : (levers.cache_prewarm ?? 0);
          const terms = reuseTerms(gateway.reuse, levers);
          const [age, lastsMs] = [now - counted.keptAt, Math.max(terms.exactMs, terms.semanticMs)];
          if (most === 0 || age >= lastsMs) this.#drop(keyOf(counted.of));
          const isDue = rank < most && counted.asked >= LEAST_ASKED && age >= DUE_AT * lastsMs && age < lastsMs;
          return isDue ? [{ counted, lever: `cache_prewarm=${most}` }] : [];
        });
      })
      .slice(0, MOST_IN_A_TURN);
  }

  #drop(key: string): void {
    const counted = this.#counted.get(key);
    if (!counted) return;
    this.#counted.delete(key);
    this.#bytes -= bytesOf(counted.of);
  }
}

/** By the path of every call, for the money of who asked, if the key still may. */
async function askAgain(gateway: Gateway, { dialect, caller, headers, bytes }: Frequent, lever: string): Promise<void> {
  const key = gateway.keys.list().find(({ id }) => id === caller.key.id);
  if (!key || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= gateway.now())) return;
  const request = ownRequest(dialect.path, { ...headers, "cache-control": "no-cache" }, bytes);
  // A run is over at some time, and its budget is its own.
  const own = { caller: { ...caller, key, priority: "p2", scope: { ...caller.scope, run: undefined } }, lever } as const;
  await handleCall(gateway, dialect, request, unreadResponse(request), own).catch((error: unknown) => {
    gateway.log.warn({ error: (error as Error).message }, "an answer could not be had ahead");
  });
}

function bytesOf({ bytes, owner }: Frequent): number {
  return bytes.length + owner.length + ENTRY_BYTES;
}

function keyOf({ owner, fingerprint }: Pick<Frequent, "owner" | "fingerprint">): string {
  return `${fingerprint} ${owner}`;
}
