import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findLeverFlag, flagValue, LEVER_FLAG_KEYS, listLeverFlags } from "./lever-flags.ts";
import { type LeverId, leverKind } from "./lever-list.ts";
import { isCheaper } from "./lever-step.ts";

const toldOf = (key: string, inForce: Partial<Record<LeverId, number>>, own?: number) => flagValue(findLeverFlag(key)!, inForce, own);

describe("the flags of the levers", () => {
  it("say nothing while their lever is off, so that the application uses its own value", () => {
    for (const key of [...LEVER_FLAG_KEYS, "large_model"]) expect([key, toldOf(key, {})]).toEqual([key, undefined]);
  });

  it("say a number, a template or a switch while it is turned", () => {
    const inForce = { depth_k: 4, prompt_compression: 1, batch_deferral: 1, "feature_freeze/large_model": 1 } as const;
    expect(toldOf("depth_k", inForce)).toBe(4);
    expect(toldOf("prompt_template", inForce)).toBe("v2");
    expect(toldOf("batch_deferral", inForce)).toBe(true);
    expect(toldOf("large_model", inForce)).toBe(false);
    expect(toldOf("small_model", inForce)).toBeUndefined();
  });

  it("never make an application dearer than it says that it is", () => {
    const numeric = fc.constantFrom("depth_k", "rerank_candidates", "response_cap_tokens", "small_model_share", "cache_aggressiveness");
    fc.assert(
      fc.property(numeric, fc.nat(20_000), fc.nat(20_000), (key, turned, own) => {
        const flag = findLeverFlag(key)!;
        const told = flagValue(flag, { [flag.lever]: turned }, own);
        const cheaper = isCheaper(leverKind(flag.lever), turned, own);
        return cheaper ? told === turned : told === undefined;
      }),
    );
  });

  it("are the list of the documentation, and the features that were ever frozen", () => {
    const page = readFileSync(new URL("../../../docs/concepts/flags.md", import.meta.url), "utf8");
    const documented = [...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map((match) => match[1]);
    expect(documented).toEqual(LEVER_FLAG_KEYS);
    const listed = listLeverFlags(["feature_freeze/large_model", "depth_k", "feature_freeze/beta.search", "feature_freeze/large_model"]);
    expect(listed.map(({ key }) => key)).toEqual([...LEVER_FLAG_KEYS, "beta.search", "large_model"]);
  });

  it("have names that a policy can freeze, or none at all", () => {
    expect(findLeverFlag("beta.search")?.lever).toBe("feature_freeze/beta.search");
    expect(findLeverFlag("two words")).toBeUndefined();
    expect(findLeverFlag("")).toBeUndefined();
  });
});
