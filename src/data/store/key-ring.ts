import { hash, randomBytes } from "node:crypto";
import type { Scope, ScopeDimension } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { LedgerStore, VirtualKey } from "../../ports/ledger-store.ts";

/** Virtual keys, found by the hash of their secret. The secret exists only in the answer that creates it. */
export class KeyRing {
  readonly #store: LedgerStore;
  readonly #now: () => Instant;
  readonly #byHash = new Map<string, VirtualKey>();

  /** Learns of keys that other processes made; there is nothing to learn where there are none. */
  catchUp: (() => Promise<void>) | undefined;

  private constructor(store: LedgerStore, now: () => Instant) {
    this.#store = store;
    this.#now = now;
  }

  static async open(store: LedgerStore, now: () => Instant): Promise<KeyRing> {
    const ring = new KeyRing(store, now);
    for (const key of await store.keys()) ring.#byHash.set(key.hash, key);
    return ring;
  }

  /** The key with this secret, revoked and expired ones too. */
  find(secret: string): VirtualKey | undefined {
    return this.#byHash.get(hash("sha256", secret, "hex"));
  }

  /** Keys that other processes made or revoked. */
  learn(keys: readonly VirtualKey[]): void {
    for (const key of keys) this.#byHash.set(key.hash, key);
  }

  list(): VirtualKey[] {
    return [...this.#byHash.values()];
  }

  async create(
    input: { name: string; scope: Scope; mayName: ScopeDimension[]; models: string[]; expiresAt: number | null },
    actor: string,
  ): Promise<{ key: VirtualKey; secret: string }> {
    const secret = `sk-ballast-${randomBytes(24).toString("base64url")}`;
    const id = `key_${randomBytes(8).toString("hex")}`;
    const made = { hash: hash("sha256", secret, "hex"), hint: secret.slice(0, 15), createdAt: this.#now(), revokedAt: null };
    const key: VirtualKey = { id, ...input, ...made };
    const after = JSON.stringify({ name: key.name, scope: key.scope, may_name: key.mayName, models: key.models });
    const stored = await this.#store.putKey(key, { actor, action: "key.create", target: id, reason: "", before: null, after });
    this.#byHash.set(stored.hash, stored);
    return { key: stored, secret };
  }

  async revoke(id: string, actor: string, reason: string): Promise<VirtualKey | undefined> {
    const key = this.list().find((candidate) => candidate.id === id);
    if (!key || key.revokedAt !== null) return key;
    const revoked = { ...key, revokedAt: this.#now() };
    const change = { actor, action: "key.revoke", target: id, reason, before: "active", after: "revoked" };
    const stored = await this.#store.putKey(revoked, change);
    this.#byHash.set(stored.hash, stored);
    return stored;
  }
}
