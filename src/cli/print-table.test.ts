import { describe, expect, it } from "vitest";
import { printTable } from "./print-table.ts";
import { progressOn } from "./progress-bar.ts";

describe("what is printed", () => {
  it("puts numbers right and leaves no spaces at the end of a line", () => {
    const text = printTable(
      [{ title: "name" }, { title: "usd", align: "right" }, { title: "kind" }],
      [
        ["acme", "1.5", "hard"],
        ["b", "12", ""],
      ],
    );
    expect(text).toBe("name  usd  kind\nacme  1.5  hard\nb      12");
  });

  it("lets no control character of a name reach the terminal", () => {
    expect(printTable([{ title: "n" }], [["a\u001b[2Jb\n"]])).toBe("n\na?[2Jb?");
  });

  it("tells progress by tenths where there is no terminal", () => {
    const lines: string[] = [];
    const bar = progressOn({ write: (text) => lines.push(text) }, 40, "calls");
    for (let call = 0; call < 40; call++) bar.advance();
    bar.done();
    bar.advance();
    expect(lines).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((percent) => `calls: ${percent} %\n`));
  });

  it("draws one line over itself on a terminal", () => {
    let text = "";
    const bar = progressOn({ isTTY: true, write: (part) => (text += part) }, 2, "calls");
    bar.advance(2);
    bar.done();
    bar.done();
    expect(text).toBe(`\rcalls [${" ".repeat(30)}]   0 %\rcalls [${"#".repeat(30)}] 100 %\n`);
  });
});
