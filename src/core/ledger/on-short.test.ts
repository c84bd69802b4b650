import { describe, expect, it } from "vitest";
import { missingOnShort, ON_SHORT, strictestOnShort } from "./on-short.ts";

describe("on_short of several budgets", () => {
  it("is the strictest: deny, cached_only, template, fallback_model, fit", () => {
    expect(ON_SHORT).toEqual(["deny", "cached_only", "template", "fallback_model", "fit"]);
    for (const [index, stricter] of ON_SHORT.entries()) {
      for (const laxer of ON_SHORT.slice(index)) {
        expect(strictestOnShort({ onShort: laxer }, [{ onShort: stricter }]).onShort).toBe(stricter);
        expect(strictestOnShort({ onShort: stricter }, [{ onShort: laxer }]).onShort).toBe(stricter);
      }
    }
  });

  it("is the first of equals, the one that the ledger named", () => {
    const named = { onShort: "fit", id: "named" } as const;
    expect(strictestOnShort(named, [{ onShort: "fit", id: "other" } as never])).toBe(named);
  });

  it("says which setting a way lacks", () => {
    expect(missingOnShort({ onShort: "fallback_model" })).toBe("fallback_model");
    expect(missingOnShort({ onShort: "template" })).toBe("template");
    expect(missingOnShort({ onShort: "template", template: "Come back tomorrow." })).toBeUndefined();
    expect(missingOnShort({ onShort: "cached_only" })).toBeUndefined();
  });
});
