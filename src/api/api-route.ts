import type { Readable } from "node:stream";
import type { Static, TObject, TSchema } from "typebox";
import type { Problem } from "../contract/problem.ts";
import type { ApiCaller } from "./api-caller.ts";
import type { ApiDeps } from "./api-deps.ts";

/**
 * open: anyone. viewer: nobody needs a token while reads are open, else the admin token. caller: as viewer, and any virtual key.
 * sender: always a virtual key or the admin token. ticket: as viewer, but with the ticket of an address that another answer gave. admin: always the admin token.
 */
export type Role = "open" | "viewer" | "caller" | "sender" | "ticket" | "admin";

export interface ApiCall<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly traceId: string;
  /** The Host header, or "" when there is none that can be shown. */
  readonly host: string;
  /** The caller wants no answer that was kept: Cache-Control: no-cache. */
  readonly isFresh: boolean;
  /** Who asks, where the role is caller or sender; else anyone. */
  readonly caller: ApiCaller;
  /** The header, or "". */
  readonly ifNoneMatch: string;
}

export interface Answer {
  readonly status: number;
  /** An object is sent as JSON, text and streams as they are. */
  readonly body: object | string | Readable;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AnswerShape {
  readonly description: string;
  /** Absent when the answer is not JSON. */
  readonly schema?: TSchema;
  /** application/json unless said otherwise. */
  readonly contentType?: string;
}

/** How an endpoint of others' protocol takes and answers protobuf, beside JSON. */
export interface ProtobufForm {
  /** @returns what the body would be in JSON @throws Problem invalid_protobuf */
  readonly read: (bytes: Uint8Array) => object;
  /** @param body the answer as it would be in JSON */
  readonly write: (body: object) => Uint8Array;
}

/** One endpoint: what it takes, what it answers, who may ask, and what it does. */
export interface Route {
  readonly method: "GET" | "POST";
  /** With `:name` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly role: Role;
  readonly params: TObject | undefined;
  readonly query: TObject | undefined;
  readonly body: TObject | undefined;
  /** A request without a body then counts as {}. */
  readonly bodyOptional: boolean;
  readonly protobuf?: ProtobufForm;
  /** Where a body may be larger than others. */
  readonly mostBodyBytes?: number;
  readonly answers: Readonly<Record<number, AnswerShape>>;
  /** The answer has no end, so it cannot be asked for its head alone. */
  readonly endless?: boolean;
  /** How a protocol of others tells what went wrong, as JSON; undefined where it has no words for it. */
  readonly tellProblem?: ((problem: Problem, params: Readonly<Record<string, unknown>>) => object | undefined) | undefined;
  readonly handle: (call: ApiCall<never, never, never>, deps: ApiDeps) => Promise<Answer>;
}

interface TypedRoute<P extends TObject, Q extends TObject, B extends TObject> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly summary: string;
  readonly role: Role;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyOptional?: boolean;
  readonly protobuf?: ProtobufForm;
  readonly mostBodyBytes?: number;
  readonly answers: Readonly<Record<number, AnswerShape>>;
  readonly endless?: boolean;
  readonly tellProblem?: Route["tellProblem"];
  readonly handle: (call: ApiCall<Static<P>, Static<Q>, Static<B>>, deps: ApiDeps) => Promise<Answer>;
}

/** Ties the handler's types to the schemas that the request was checked against. */
export function route<P extends TObject, Q extends TObject, B extends TObject>(definition: TypedRoute<P, Q, B>): Route {
  const { params, query, body, bodyOptional = false, handle, ...rest } = definition;
  return { ...rest, params, query, body, bodyOptional, handle: handle as Route["handle"] };
}

export function ok(body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, body, headers };
}
