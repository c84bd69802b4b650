import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SimilarQuestions } from "./similar-questions.ts";

const PLACE = { owner: "acme", setting: "s" };

describe("questions that were answered", () => {
  it("are found by the same question in other words, the same form before a misspelt one", () => {
    const questions = new SimilarQuestions(10);
    questions.keep(PLACE, "How do I cancel my subscripton?", "misspelt");
    questions.keep(PLACE, "How do I cancel my subscription?", "right");
    expect(questions.find(PLACE, "how can i cancel the subscription")).toBe("right");
    expect(questions.find(PLACE, "how can i cancel the subscripton")).toBe("misspelt");
    expect(questions.find(PLACE, "how can i cancel the contract")).toBeUndefined();
  });

  it("have the newest answer, and none once it is gone", () => {
    const questions = new SimilarQuestions(10);
    questions.keep(PLACE, "What is my limit?", "old");
    questions.keep(PLACE, "what's my limit", "new");
    expect([questions.find(PLACE, "What is my limit"), questions.size]).toEqual(["new", 1]);
    questions.forget("globex", "new");
    expect(questions.find(PLACE, "What is my limit")).toBe("new");
    questions.forget("acme", "new");
    expect([questions.find(PLACE, "What is my limit"), questions.size]).toEqual([undefined, 0]);
  });

  it("are as many as they may be: what was not asked for longest goes first", () => {
    const questions = new SimilarQuestions(2);
    questions.keep(PLACE, "Where is my card?", "a");
    questions.keep(PLACE, "Where is my invoice?", "b");
    questions.find(PLACE, "where is my card");
    questions.keep(PLACE, "Where is my refund?", "c");
    expect(["card", "invoice", "refund"].map((word) => questions.find(PLACE, `where is my ${word}`))).toEqual(["a", undefined, "c"]);
    const none = new SimilarQuestions(0);
    none.keep(PLACE, "Where is my card?", "a");
    expect(none.size).toBe(0);
  });

  it("are never found by another owner or in another setting, after any history", () => {
    const step = fc.record({
      owner: fc.constantFrom("acme", "globex", "acme globex"),
      setting: fc.constantFrom("s", "t"),
      question: fc.constantFrom("Where is my card?", "where's the card", "How do I pay?", "how to pay", "Why is it late?"),
      does: fc.constantFrom("keep", "find", "forget"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (steps, most) => {
        const questions = new SimilarQuestions(most);
        const placeOf = new Map<string, string>();
        steps.forEach(({ owner, setting, question, does }, at) => {
          const place = JSON.stringify([owner, setting]);
          if (does === "keep") {
            questions.keep({ owner, setting }, question, String(at));
            placeOf.set(String(at), place);
          } else if (does === "forget") questions.forget(owner, String(at - 1));
          else {
            const found = questions.find({ owner, setting }, question);
            if (found !== undefined) expect(placeOf.get(found)).toBe(place);
          }
          expect(questions.size).toBeLessThanOrEqual(most);
        });
      }),
    );
  });
});
