import type { ProblemCode } from "../../contract/problem-list.ts";
import type { EngineParameters } from "./warehouse-connection.ts";

/** What the server says to the engine's process. Answered in the order of asking, one after the other. */
export type ChdbRequest =
  | { readonly kind: "rows"; readonly id: number; readonly statement: string; readonly parameters: EngineParameters }
  | { readonly kind: "insert"; readonly id: number; readonly statement: string; readonly body: string }
  | { readonly kind: "command"; readonly id: number; readonly statement: string; readonly parameters: EngineParameters }
  | { readonly kind: "insert_file"; readonly id: number; readonly statement: string; readonly path: string }
  /** Finish what was asked before, close the engine, end. */
  | { readonly kind: "close" };

/** What the engine's process says. First ready or failed; then one answer or refusal for each request. */
export type ChdbReport =
  | { readonly kind: "ready"; readonly migrations: readonly string[] }
  | { readonly kind: "failed"; readonly code: ProblemCode; readonly message: string }
  | { readonly kind: "answer"; readonly id: number; readonly text: string }
  | { readonly kind: "refused"; readonly id: number; readonly engineCode: number; readonly message: string };
