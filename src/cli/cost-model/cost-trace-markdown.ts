import { traceView } from "../../contract/costs-contract.ts";
import { ECONOMICS_FIELDS, TRACE_FIELDS } from "../../contract/trace-fields.ts";

interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly FieldSchema[];
  readonly description?: string;
  readonly items?: FieldSchema;
}

/** cost_trace.md: the fields of a call's record, from the very schema that the API's answers are checked against. */
export function costTraceMarkdown(): string {
  const properties = Object.entries(traceView.properties as unknown as Readonly<Record<string, FieldSchema>>);
  const economics: readonly string[] = ECONOMICS_FIELDS;
  const rows = (wanted: boolean) =>
    properties.filter(([name]) => economics.includes(name) === wanted).map(([name, schema]) => row(name, schema));
  const head = "| field | type | unit | meaning |\n| --- | --- | --- | --- |";
  return `# Cost trace

One record for each call, in the table \`finops.request_trace\` and from \`GET /api/v1/traces\`. Money is exact decimal text of USD; null is missing or not known, 0 is a value.
A record that arrives twice counts once.

## The per-request bill

${head}
${rows(true).join("\n")}

The unit cost per request (UCR) is the sum of seven components: input, generation, retrieval, rerank, vector I/O, orchestration and human in the loop.
Input and generation are \`input_cost_usd\` and \`gen_cost_usd\`; with \`rounding_usd\` they make \`unit_cost_usd\`.

## Further fields

${head}
${rows(false).join("\n")}
`;
}

function row(name: string, schema: FieldSchema): string {
  const { unit, meaning } = TRACE_FIELDS[name as keyof typeof TRACE_FIELDS];
  return `| \`${name}\` | ${typeOf(schema)} | ${unit} | ${meaning} |`;
}

function typeOf(schema: FieldSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(", ");
  if (schema.description?.startsWith("USD")) return "decimal text";
  if (schema.type === "array") return `list of ${schema.items ? typeOf(schema.items) : "values"}`;
  return schema.type === "string" ? "text" : (schema.type ?? "value");
}
