import { describe, expect, it } from "vitest";
import { PromptReader } from "./prompt-reader.ts";
import { takeDirectives } from "./sim-directive.ts";

describe("directives", () => {
  it("are no tokens, and join no words", () => {
    expect(takeDirectives('one[[sim {"out":3}]]two')).toEqual({ text: "one two", directive: { out: 3 } });
  });

  it("end at their own brackets, whatever their texts hold", () => {
    const { text, directive } = takeDirectives('a [[sim {"text":"x }]] \\" {y","usage":{"a":[[1]]}} ]] b');
    expect(directive).toEqual({ text: 'x }]] " {y', usage: { a: [[1]] } });
    expect(text.trim().split(/\s+/)).toEqual(["a", "b"]);
  });

  it("count where the user speaks, the last one of them", () => {
    const prompt = new PromptReader();
    prompt.addText('[[sim {"out":1}]] first', true);
    prompt.addText('[[sim {"out":2}]] second', true);
    prompt.addText('[[sim {"out":3}]] answer', false);
    expect(prompt).toMatchObject({ tokens: 3, directive: { out: 2 } });
  });

  it("leave other brackets alone", () => {
    expect(takeDirectives("[[simple]] [[sim]] words")).toEqual({ text: "[[simple]] [[sim]] words", directive: undefined });
  });

  it.each([
    ['[[sim {"out":1}', "does not end"],
    ['[[sim {"out":1,"text":"a"}]]', "both out and text"],
    ['[[sim {"fail_times":1}]]', "needs an id"],
    ['[[sim {"status":200}]]', "cannot be 200"],
  ])("%s is refused: %s", (text, message) => {
    expect(() => takeDirectives(text)).toThrow(message);
  });
});
