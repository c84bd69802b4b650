import { describe, expect, it } from "vitest";
import type { Command, CommandContext } from "./command.ts";
import { COMMANDS } from "./command-list.ts";
import { findCommand } from "./find-command.ts";
import { parseOptions } from "./parse-options.ts";
import { wholeNumber } from "./read-number.ts";
import { UsageError } from "./usage-error.ts";

const terminal = { out: () => {}, err: () => {} };

const PAINT: Command = {
  name: "wall paint",
  summary: "Paints a wall.",
  usage: "<wall> [corner]",
  options: [
    { name: "colour", type: "string", short: "c", required: true, description: "The colour" },
    { name: "coats", type: "string", default: "2", description: "How many" },
    { name: "brush", type: "string", multiple: true, description: "With what" },
    { name: "quick", type: "boolean", description: "In a hurry" },
  ],
  run: async () => 0,
};

const paint = (...args: string[]): CommandContext => parseOptions(PAINT, args, terminal);

function hintOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} ${error.hint}`;
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("the command line", () => {
  it("finds commands of one word and of two", () => {
    expect(findCommand(["serve", "--port", "0"], COMMANDS)).toMatchObject({ command: { name: "serve" }, rest: ["--port", "0"] });
    expect(findCommand(["--json", "key", "list"], COMMANDS)).toMatchObject({ command: { name: "key list" }, rest: ["--json"] });
    expect(findCommand([], COMMANDS)).toMatchObject({ kind: "overview" });
  });

  it("names the command that was probably meant", () => {
    expect(hintOf(() => findCommand(["dcotor"], COMMANDS))).toContain("Did you mean ballast doctor?");
    expect(hintOf(() => findCommand(["budgets", "list"], COMMANDS))).toContain("Did you mean ballast budget?");
    expect(hintOf(() => findCommand(["key", "revok"], COMMANDS))).toContain("Did you mean ballast key revoke?");
    expect(hintOf(() => findCommand(["key"], COMMANDS))).toContain("create, list, revoke");
    expect(hintOf(() => findCommand(["xylophone"], COMMANDS))).toContain("--help lists");
  });

  it("reads values, defaults, lists and words", () => {
    const context = paint("north", "-c", "red", "--brush", "a,b", "--brush=c", "--quick", "upper");
    expect(context.words).toEqual(["north", "upper"]);
    expect([context.text("colour"), context.text("coats"), context.list("brush")]).toEqual(["red", "2", ["a", "b", "c"]]);
    expect([context.flag("quick"), context.json]).toEqual([true, false]);
    expect(paint("north", "--colour=-1").text("colour")).toBe("-1");
  });

  it("refuses what it does not know, and what is missing", () => {
    expect(hintOf(() => paint("north", "--color", "red"))).toContain("Did you mean --colour?");
    expect(hintOf(() => paint("north", "-x"))).toContain("There is no option -x");
    expect(hintOf(() => paint("north"))).toContain("--colour is missing");
    expect(hintOf(() => paint("north", "--colour"))).toContain("--colour needs a value");
    expect(hintOf(() => paint("north", "--colour", "--quick"))).toContain("--colour needs a value");
    expect(hintOf(() => paint("north", "--colour", "red", "-c", "blue"))).toContain("--colour is given twice");
    expect(hintOf(() => paint("north", "--quick=yes", "-c", "red"))).toContain("--quick takes no value");
    expect(hintOf(() => paint("-c", "red"))).toContain("<wall> is missing");
    expect(hintOf(() => paint("a", "b", "c", "-c", "red"))).toContain('"c" is one word too many');
  });

  it("asks for nothing else when help is wanted", () => {
    expect(paint("--help").flag("help")).toBe(true);
  });

  it("takes whole numbers in their range only", () => {
    const port = (text: string) => wholeNumber({ text: () => text }, "port", 0, 65_535);
    expect([port("0"), port("65535")]).toEqual([0, 65_535]);
    for (const text of ["65536", "-1", "1e3", "80.5", "", "0x10"]) expect(() => port(text)).toThrow(UsageError);
  });

  it("has commands with names, options and short letters that do not collide", () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
    for (const { options } of COMMANDS) {
      const names = options.flatMap(({ name, short }) => [name, ...(short ? [short] : [])]);
      expect(new Set([...names, "json", "help", "h"]).size).toBe(names.length + 3);
    }
  });
});
