import { Type } from "typebox";
import { closed, count } from "./field-contract.ts";

/**
 * OTLP/HTTP JSON, ExportTraceServiceRequest. It is others' protocol and grows: what is not known in it is passed over, as it asks for.
 * @see opentelemetry-proto, collector/trace/v1/trace_service.proto
 */
export const spansBody = Type.Object({
  resourceSpans: Type.Array(Type.Object({}), { maxItems: 1000, description: "Spans by resource, as OTLP has them" }),
});

export const spansAnswer = closed({
  partialSuccess: Type.Optional(closed({ rejectedSpans: count, errorMessage: Type.String() })),
});
