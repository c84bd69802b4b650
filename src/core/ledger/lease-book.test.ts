import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LeaseBook } from "./lease-book.ts";

describe("LeaseBook", () => {
  it("holds on every account of a call or on none", () => {
    const book = new LeaseBook();
    book.grant("a", 10n);
    book.grant("b", 3n);
    expect(book.hold("h", ["a", "b"], 5n)).toEqual([{ account: "b", missingNano: 2n }]);
    expect(book.heldNano("a")).toBe(0n);
    expect(book.hold("h", ["a"], 5n)).toBeUndefined();
    expect(book.idleNano("a")).toBe(5n);
  });

  it("gives the unused part of a hold back to the lease", () => {
    const book = new LeaseBook();
    book.grant("a", 10n);
    book.hold("h", ["a"], 8n);
    book.end("h", 3n);
    expect(book.idleNano("a")).toBe(7n);
  });

  it("changes nothing when a hold ends a second time", () => {
    const book = new LeaseBook();
    book.grant("a", 10n);
    book.hold("h", ["a"], 8n);
    book.end("h", 3n);
    expect(book.end("h", 3n)).toBeUndefined();
    expect(book.idleNano("a")).toBe(7n);
  });

  it("keeps what is taken back out of reach of holds", () => {
    const book = new LeaseBook();
    book.grant("a", 10n);
    book.hold("h", ["a"], 4n);
    expect(book.takeIdle("a")).toBe(6n);
    expect(book.hold("i", ["a"], 1n)).toEqual([{ account: "a", missingNano: 1n }]);
    book.end("h", 4n);
    expect(book.grantedNano("a")).toBe(0n);
  });

  it("keeps a lease while a call is on it, one that holds nothing too, and forgets it with the last one", () => {
    const book = new LeaseBook();
    book.grant("a", 0n);
    for (const id of ["free", "free too"]) expect(book.hold(id, ["a"], 0n)).toBeUndefined();
    book.takeIdle("a");
    expect(book.accounts()).toEqual(["a"]);
    book.end("free", 0n);
    book.end("free", 0n);
    book.takeIdle("a");
    expect(book.accounts()).toEqual(["a"]);
    book.end("free too", 0n);
    book.takeIdle("a");
    expect(book.accounts()).toEqual([]);
  });

  it("never holds more than was granted, over any history", () => {
    const account = fc.constantFrom("a", "b", "c");
    const amount = fc.bigInt(0n, 50n);
    const step = fc.oneof(
      fc.record({ do: fc.constant("grant" as const), account, amount }),
      fc.record({ do: fc.constant("hold" as const), accounts: fc.uniqueArray(account, { minLength: 1 }), amount }),
      fc.record({ do: fc.constant("end" as const), pick: fc.nat(), share: fc.bigInt(0n, 100n) }),
      fc.record({ do: fc.constant("take" as const), account }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const book = new LeaseBook();
        const granted = new Map<string, bigint>();
        const add = (name: string, change: bigint) => granted.set(name, (granted.get(name) ?? 0n) + change);
        steps.forEach((one, number) => {
          if (one.do === "grant") {
            book.grant(one.account, one.amount);
            add(one.account, one.amount);
          } else if (one.do === "hold") book.hold(`h${number}`, one.accounts, one.amount);
          else if (one.do === "take") add(one.account, -book.takeIdle(one.account));
          else {
            const open = book.openHolds();
            const hold = open[one.pick % Math.max(1, open.length)];
            if (!hold) return;
            const consumed = (hold.amountNano * one.share) / 100n;
            book.end(hold.id, consumed);
            for (const name of hold.accounts) add(name, -consumed);
          }
          for (const name of ["a", "b", "c"]) {
            const held = book
              .openHolds()
              .filter((hold) => hold.accounts.includes(name))
              .reduce((sum, hold) => sum + hold.amountNano, 0n);
            expect(book.heldNano(name)).toBe(held);
            expect(book.grantedNano(name)).toBe(granted.get(name) ?? 0n);
            expect(held <= book.grantedNano(name)).toBe(true);
          }
        });
      }),
    );
  });
});
