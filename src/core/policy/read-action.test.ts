import { describe, expect, it } from "vitest";
import { ACTION_PATTERN, ACTION_WORDS, ACTIONS } from "./action-list.ts";
import { readAction, splitActions } from "./read-action.ts";

const read = (text: string) => {
  const reading = readAction(text);
  return reading.outcome === "read" ? reading.actions : reading;
};
const turn = (lever: string, target: number) => ({ kind: "turn", lever, target });

describe("the actions", () => {
  it("of both documents come to values", () => {
    expect(read("notify:#finops")).toEqual([{ kind: "notify", channel: "#finops" }]);
    expect(read("enable_prompt_compress")).toEqual([turn("prompt_compression", 1)]);
    expect(read("increase_cache_aggressiveness")).toEqual([turn("cache_aggressiveness", 1)]);
    expect(read("route_small_model>=65%")).toEqual([turn("small_model_share", 65)]);
    expect(read("depth_k=max(4)")).toEqual([turn("depth_k", 4)]);
    expect(read("truncate_response_p95=350")).toEqual([turn("response_cap_tokens", 350)]);
    expect(read("freeze_feature_flags=[large_model]")).toEqual([turn("feature_freeze/large_model", 1)]);
    expect(read("require_exec_approval")).toEqual([turn("exec_approval", 1)]);
    expect(read("postmortem_required")).toEqual([{ kind: "postmortem" }]);
    expect(read("degrade_to_small")).toEqual([turn("small_model_share", 100)]);
    expect(read("disable_large_model")).toEqual([turn("feature_freeze/large_model", 1)]);
    expect(read("enforce_cache_only")).toEqual([turn("cache_only", 1)]);
  });

  it("of the document's controller are other words for the same", () => {
    expect(read("route_small>=0.65")).toEqual(read("route_small_model>=65%"));
    expect(read("set_depth_k(4)")).toEqual(read("depth_k=max(4)"));
    expect(read("set_response_cap(350)")).toEqual(read("truncate_response_p95=350"));
    expect(read("freeze_large_model")).toEqual(read("freeze_feature_flags=[large_model]"));
    expect(read("increase_cache_ttl")).toEqual(read("increase_cache_aggressiveness"));
  });

  it("may be written with spaces, and freeze several flags, each once", () => {
    expect(read("route_small_model >= 12.5%")).toEqual([turn("small_model_share", 12.5)]);
    expect(read("freeze_feature_flags = [ large_model, beta.search, large_model ]")).toEqual([
      turn("feature_freeze/large_model", 1),
      turn("feature_freeze/beta.search", 1),
    ]);
  });

  it("that are not known are told with the word", () => {
    expect(read("rout_small_model>=65%")).toEqual({ outcome: "unknown", word: "rout_small_model", known: ACTION_WORDS });
    expect(read("")).toMatchObject({ outcome: "unknown", word: "" });
  });

  it("that are written wrongly are told as they should be", () => {
    expect(read("depth_k=4")).toEqual({ outcome: "wrong", message: 'expected it to be written as `depth_k=max(4)`, found "depth_k=4"' });
    for (const text of [
      "route_small_model>65%",
      "notify:",
      "notify #finops",
      "freeze_feature_flags=[]",
      "postmortem_required!",
      "depth_k=max(-1)",
    ]) {
      expect([text, read(text)]).toEqual([text, expect.objectContaining({ outcome: "wrong" })]);
    }
  });

  it("that mean nothing are told with what would", () => {
    expect(read("route_small_model>=65")).toMatchObject({
      outcome: "wrong",
      message: expect.stringContaining("a share above 0 up to 100%"),
    });
    for (const text of [
      "route_small_model>=0%",
      "route_small_model>=101%",
      "depth_k=max(0)",
      "truncate_response_p95=15",
      "increase_cache_ttl=4",
    ]) {
      expect([text, read(text)]).toEqual([text, expect.objectContaining({ outcome: "wrong" })]);
    }
  });

  it("are read as their own usage shows them, by the editor's pattern too", () => {
    const editor = new RegExp(`^${ACTION_PATTERN}$`, "u");
    for (const { usage } of ACTIONS.flatMap(({ forms }) => forms))
      expect([usage, readAction(usage).outcome, editor.test(usage)]).toEqual([usage, "read", true]);
    expect(editor.test("depth_k=4")).toBe(false);
    expect(new Set(ACTION_WORDS).size).toBe(ACTION_WORDS.length);
  });

  it("in one text are separated by commas, brackets aside, each with its place", () => {
    expect(splitActions("notify:#finops, degrade_to_small")).toEqual([
      { text: "notify:#finops", at: 0 },
      { text: "degrade_to_small", at: 16 },
    ]);
    expect(splitActions("freeze_feature_flags=[a, b],x").map(({ text }) => text)).toEqual(["freeze_feature_flags=[a, b]", "x"]);
    expect(splitActions("a,,b").map(({ text }) => text)).toEqual(["a", "", "b"]);
  });
});
