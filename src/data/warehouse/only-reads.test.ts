import { describe, expect, it } from "vitest";
import { requireOnlyReads } from "./only-reads.ts";

describe("a statement from outside", () => {
  it.each([
    "SELECT 1",
    "SELECT 1 ;\n",
    "SELECT ';' AS \"a;b\", `c;d` -- e; f\n FROM x /* ; y */",
    "SELECT 'it''s; fine', 'back\\'; slash', $$ ; $$, $tag$ ';' $tag$;",
  ])("may be one that reads: %s", (statement) => {
    expect(() => requireOnlyReads(statement)).not.toThrow();
  });

  it.each([
    "SELECT 1 INTO OUTFILE 'x'",
    "SELECT 1 into/**/outfile 'x'",
    "SELECT $$ ' $$ INTO OUTFILE 'x' --'",
    "SELECT 1; DROP TABLE y",
    "SELECT 'a\\\\'; SELECT 2",
  ])("may not write, nor be two: %s", (statement) => {
    expect(() => requireOnlyReads(statement)).toThrow(/Only one statement that reads/);
  });
});
