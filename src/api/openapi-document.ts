import { problemAnswer } from "../contract/operations-contract.ts";
import type { AnswerShape, Route } from "./api-route.ts";

/** The OpenAPI 3.1 description of the routes: the same objects that check requests, so it cannot say something else. */
export function openapiDocument(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Ballast", version, description: "Hard budgets in front of every model call, every cent accounted for." },
    paths,
    components: {
      securitySchemes: {
        adminToken: { type: "http", scheme: "bearer" },
        virtualKey: { type: "http", scheme: "bearer" },
        ticket: { type: "apiKey", in: "query", name: "ticket" },
      },
      schemas: { Problem: problemAnswer },
    },
  };
}

/** Of all but "sender" and "admin", nothing at all while reads are open. */
const SECURITY: Readonly<Record<Exclude<Route["role"], "open">, readonly object[]>> = {
  viewer: [{}, { adminToken: [] }],
  caller: [{}, { virtualKey: [] }, { adminToken: [] }],
  sender: [{ virtualKey: [] }, { adminToken: [] }],
  ticket: [{}, { ticket: [] }],
  admin: [{ adminToken: [] }],
};

function operationOf(route: Route): Record<string, unknown> {
  const parameters = [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query")];
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(route.role === "open" ? {} : { security: SECURITY[route.role] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: !route.bodyOptional, content: { "application/json": { schema: route.body } } } } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, shape]) => [status, responseOf(shape)])),
      default: {
        description: "A problem, as in docs/reference/problems.md",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function parametersOf(schema: Route["query"], place: "path" | "query"): Record<string, unknown>[] {
  if (!schema) return [];
  const required = new Set((schema as { required?: string[] }).required ?? []);
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.has(name),
    schema: property,
  }));
}

function responseOf({ description, schema, contentType = "application/json" }: AnswerShape): Record<string, unknown> {
  return { description, content: { [contentType]: schema ? { schema } : { schema: { type: "string" } } } };
}

/** "get_api_v1_budgets" */
function operationId({ method, path }: Route): string {
  const words = path.replaceAll(/[^a-zA-Z0-9]+/g, "_").replace(/_+$/, "");
  return `${method.toLowerCase()}${words === "" ? "_start_page" : words}`;
}
