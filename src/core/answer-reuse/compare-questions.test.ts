import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareQuestions, type QuestionConflict } from "./compare-questions.ts";
import { questionForm } from "./question-form.ts";

function compared(one: string, other: string): "same" | QuestionConflict | "no form" {
  const [left, right] = [questionForm(one), questionForm(other)];
  if (!left || !right) return "no form";
  const found = compareQuestions(left, right);
  return found.same ? "same" : found.conflict;
}

describe("two questions", () => {
  it.each([
    ["How do I reset my password?", "how can i reset the password"],
    ["What's my balance?", "Hi, can you please tell me what my balance is. Thank you!"],
    ["I don't recognise this payment", "i dont recognize this payment!"],
    ["Is there a way to get a virtual card?", "Can I get a virtual card"],
    ["How do I cancel my subscription?", "How do I cancel my subscripton?"],
    ["Where is the nearest restaurant?", "where is the nearest restuarant"],
    ["What do you charge for transfers?", "what do you charge for a transfer"],
    ["What happens to my account if I lose my card?", "If I lose my card, what happens to my account?"],
    ["top-up failed, what now?", "TOP UP FAILED WHAT NOW"],
    ["Hi! Why can't I log in? Thanks!", "why can't I log in"],
    ["Hello, do you know if my card does not work abroad?", "if my card doesn't work abroad"],
    ["Please do not cancel it", "don't cancel it"],
    ["Does it ship to Paris?", "hi, do it ship to paris"],
  ])("ask the same: %s | %s", (one, other) => {
    expect(compared(one, other)).toBe("same");
    expect(compared(other, one)).toBe("same");
  });

  it.each<[string, string, QuestionConflict]>([
    ["How do I enable two-factor login?", "How do I disable two-factor login?", "opposite"],
    ["Can I use my card abroad?", "Can't I use my card abroad?", "negation"],
    ["Can I pay without a card?", "Can I pay with a card?", "opposite"],
    ["Send 50 EUR to Anna", "Send 500 EUR to Anna", "number"],
    ["What happened on 3 May?", "What happened on 13 May?", "number"],
    ["Where is order A-1041?", "Where is order A-1014?", "number"],
    ["Increase my limit", "Decrease my limit", "opposite"],
    ["What is due before Monday?", "What is due after Monday?", "opposite"],
    ["How is the rate set?", "Why is the rate set?", "question_word"],
    ["Is it raining in Paris?", "Is it raining in Madrid?", "word"],
    ["Convert from USD to EUR", "Convert from EUR to USD", "order"],
    ["Does Anna pay Bob money?", "Does Bob pay Anna money?", "order"],
    ["My top up is not working", "Is my top up not working?", "order"],
    ["What is the change on my statement?", "What is the charge on my statement?", "word"],
    ["Show me my last transaction", "Show me my last transactions", "word"],
    ["Does it ship to the US?", "Does it ship to us?", "name"],
    ["Is my card here?", "Is your card here?", "word"],
    ["Translate to French: the house", "Translate to French: a house", "word"],
    ['How do you say "please" in Italian?', 'How do you say "thanks" in Italian?', "word"],
    ["How much vitamin a do I need?", "How much vitamin do I need?", "name"],
    ["Does the plant do well in the shade?", "Does the plant do in the shade?", "word"],
    ["What is a desert for children?", "What is a dessert for children?", "word"],
    ["why hello", "why thank you", "word"],
    ["Wie komme ich zum Hotel?", "Wie komme ich zum a Hotel?", "word"],
    ["What is the dew point at -5?", "What is the dew point at 5?", "number"],
    ["Is (-.5) above the limit?", "Is (.5) above the limit?", "number"],
    ["What is 5! by two?", "What is 5 by two?", "number"],
    ["Is n! larger here?", "Is n larger here?", "name"],
    ["How long is 10³ meters?", "How long is 103 meters?", "number"],
    ["How is hepatitis A treated?", "How is hepatitis treated?", "name"],
    ["How is a hepatitis a infection treated?", "How is a hepatitis infection treated?", "name"],
    ["What does plan a cover?", "What does plan cover?", "name"],
    ["What is Turkey like in summer?", "What is turkey like in summer?", "name"],
    ["How do I clean Windows?", "how do I clean windows?", "name"],
    ["Do I need a visa for France?", "I need a visa for France", "word"],
    ["Do not. Stop now", "Do not stop. Now", "order"],
    ["No, send the money", "No send the money", "name"],
  ])("do not ask the same: %s | %s, because of the %s", (one, other, conflict) => {
    expect(compared(one, other)).toBe(conflict);
    expect(compared(other, one)).toBe(conflict);
  });

  it("have no form where they are long, of several lines, or without a word", () => {
    for (const text of ["", "  ", "?!", "one line\nand another", `why ${"so ".repeat(200)}`])
      expect([text, questionForm(text)]).toEqual([text, undefined]);
  });

  it("that were edited to ask something else are told apart, every one of 900", () => {
    const rows = readFileSync(new URL("../../../test/fixtures/questions/adversarial-questions.csv", import.meta.url), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) =>
        line.match(/"(?:[^"]|"")*"|[^,]+/g)!.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
      );
    expect(rows.length).toBe(900);
    expect(rows.filter(([one, other]) => compared(one!, other!) === "same")).toEqual([]);
  });

  it("ask the same or not whichever is named first, and a question asks the same as itself", () => {
    const words = fc.constantFrom(
      ..."how do i reset the my password card cards passwrod if lose not 5 50 US is was please from to last what Anna".split(" "),
    );
    const question = fc.array(words, { minLength: 1, maxLength: 9 }).map((some) => some.join(" "));
    fc.assert(
      fc.property(question, question, (one, other) => {
        expect(compared(one, other) === "same").toBe(compared(other, one) === "same");
        expect(["same", "no form"]).toContain(compared(one, one));
      }),
      { numRuns: 2000 },
    );
  });

  it("never ask the same when a word that counts is in one alone", () => {
    const base = fc.constantFrom("how do i reset my password", "what happens if I lose my card", "can you tell me what the weather is");
    const extra = fc.constantFrom("not", "never", "50", "Paris", "tomorrow", "yours", "without", "why", "business", "A-1");
    fc.assert(
      fc.property(base, extra, fc.nat(8), (question, word, at) => {
        const words = question.split(" ");
        words.splice(Math.min(at, words.length), 0, word);
        expect([words.join(" "), compared(question, words.join(" "))]).not.toEqual([words.join(" "), "same"]);
      }),
    );
  });
});
