import type { FastifyError } from "fastify";
import { Problem } from "../contract/problem.ts";
import { PROBLEMS } from "../contract/problem-list.ts";
import { nearestWord } from "../std/nearest-word.ts";
import type { Route } from "./api-route.ts";

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** A problem as RFC 9457 asks: the five members, then code and remedy, then what it is about. */
export function problemBody(problem: Problem, traceId: string): Record<string, unknown> {
  return {
    ...problem.details,
    type: `/problems/${problem.code}`,
    title: PROBLEMS[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    remedy: problem.remedy,
    instance: traceId,
  };
}

/** What went wrong, as a Problem: ours as they are, Fastify's by their codes, all else `internal` with nothing told. */
export function problemOf(error: unknown, route: Route | undefined): Problem {
  if (error instanceof Problem) return error;
  const fastifyError = error as Partial<FastifyError>;
  if (fastifyError.validation) return fieldProblem(fastifyError as FastifyError, route);
  switch (fastifyError.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new Problem("unsupported_media_type", {}, { cause: error });
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new Problem("body_too_large", {}, { cause: error });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new Problem("invalid_request", {}, { cause: error, message: "The body is not as long as its Content-Length says." });
    case "FST_ERR_BAD_URL":
    case "FST_ERR_INVALID_URL":
      return new Problem("invalid_request", {}, { cause: error, message: "The address holds an escape sequence that cannot be decoded." });
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new Problem("invalid_request", {}, { cause: error, message: "A part of the address is longer than any name." });
    default:
      return new Problem("internal", {}, { cause: error });
  }
}

const PARTS = { body: "body", querystring: "query", params: "path", headers: "headers" } as const;

function fieldProblem(error: FastifyError, route: Route | undefined): Problem {
  const first = error.validation![0]!;
  const part = PARTS[error.validationContext as keyof typeof PARTS];
  const params = first.params as { additionalProperty?: string; missingProperty?: string; allowedValues?: unknown[] };
  if (params.additionalProperty !== undefined) return unknownField(part, first.instancePath, params.additionalProperty, route);
  if (params.missingProperty !== undefined) {
    const field = pointer(first.instancePath, params.missingProperty);
    return new Problem("invalid_request", { field, in: part }, { message: `${field} is missing from the ${part}.` });
  }
  const field = first.instancePath;
  const name = field === "" ? `The ${part}` : field;
  const code = part === "body" && field.endsWith("_usd") ? "amount_invalid" : "invalid_request";
  const allowed = params.allowedValues;
  const details = allowed ? { field, in: part, allowed } : { field, in: part };
  return new Problem(code, details, { message: `${name} ${whatIsWrong(first, part, route)}.` });
}

type FieldFault = NonNullable<FastifyError["validation"]>[number];

/** For people: a pattern says nothing to them, and a list of which they know nothing stands where a parameter was sent twice. */
function whatIsWrong({ keyword, params, message, instancePath }: FieldFault, part: string, route: Route | undefined): string {
  switch (keyword) {
    case "enum":
      return `must be one of ${(params.allowedValues as unknown[]).join(", ")}`;
    case "minLength":
      return params.limit === 1 ? "is empty" : (message ?? "is too short");
    case "type":
      return part === "query" ? "is given more than once" : (message ?? "has another type");
    case "pattern": {
      const schema = (part === "query" ? route?.query : route?.body)?.properties[instancePath.slice(1)] as
        | { description?: string }
        | undefined;
      return schema?.description ? `does not fit: ${schema.description}` : (message ?? "does not fit");
    }
    default:
      return message ?? "is not as expected";
  }
}

function unknownField(part: string, path: string, name: string, route: Route | undefined): Problem {
  const field = pointer(path, name);
  const schema = part === "body" ? route?.body : part === "query" ? route?.query : undefined;
  const nearest = nearestWord(name, fieldsAt(schema, path));
  const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  const details = nearest === undefined ? { field, in: part } : { field, in: part, nearest };
  return new Problem("invalid_request", details, { message: `${field} is not a field of the ${part}.${hint}` });
}

/** The names that the object at the JSON pointer may hold. */
function fieldsAt(schema: unknown, path: string): string[] {
  let properties = (schema as { properties?: Record<string, { properties?: object }> } | undefined)?.properties ?? {};
  for (const step of path.split("/").slice(1)) properties = (properties[step]?.properties ?? {}) as typeof properties;
  return Object.keys(properties);
}

function pointer(path: string, name: string): string {
  return `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
