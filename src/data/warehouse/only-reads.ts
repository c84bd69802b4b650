import { Problem } from "../../contract/problem.ts";

// Text, quoted names and comments, in which a semicolon is harmless.
const INERT = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * The engine's readonly setting stops statements that change data or settings, and functions that read files or addresses. It lets
 * two things through, seen in engine 26.7: SELECT … INTO OUTFILE writes a file, and a second statement after a semicolon is run.
 * The word OUTFILE is refused wherever it stands, since the engine knows more kinds of quotes and comments than we would keep up with.
 * @throws Problem invalid_request
 */
export function requireOnlyReads(statement: string): void {
  if (/outfile/i.test(statement)) refuse("INTO OUTFILE writes a file");
  if (/;\s*\S/.test(statement.replace(INERT, " "))) refuse("there is more than one statement");
}

function refuse(reason: string): never {
  throw new Problem("invalid_request", { reason }, { message: `Only one statement that reads can be asked here: ${reason}.` });
}
