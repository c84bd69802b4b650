import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Problem } from "../contract/problem.ts";

/*
 * OTLP/HTTP in protobuf, which is what exporters send unless they are told otherwise, read into the shape that OTLP has in JSON: what spans
 * say is then read in one place. Only the fields that are read there are; all others are passed over, as protobuf asks for.
 */
interface Field {
  readonly name: string;
  readonly as: "text" | "id" | "fixed64" | "int64" | "double" | "bool" | Message;
  readonly many?: true;
}
type Message = { readonly [number: number]: Field };

/** opentelemetry-proto, common/v1/common.proto */
const anyValue: Message = {
  1: { name: "stringValue", as: "text" },
  2: { name: "boolValue", as: "bool" },
  3: { name: "intValue", as: "int64" },
  4: { name: "doubleValue", as: "double" },
};
const keyValue: Message = { 1: { name: "key", as: "text" }, 2: { name: "value", as: anyValue } };
/** resource/v1/resource.proto */
const resource: Message = { 1: { name: "attributes", as: keyValue, many: true } };
/** trace/v1/trace.proto */
const event: Message = {
  1: { name: "timeUnixNano", as: "fixed64" },
  2: { name: "name", as: "text" },
  3: { name: "attributes", as: keyValue, many: true },
};
const span: Message = {
  1: { name: "traceId", as: "id" },
  2: { name: "spanId", as: "id" },
  4: { name: "parentSpanId", as: "id" },
  5: { name: "name", as: "text" },
  7: { name: "startTimeUnixNano", as: "fixed64" },
  8: { name: "endTimeUnixNano", as: "fixed64" },
  9: { name: "attributes", as: keyValue, many: true },
  11: { name: "events", as: event, many: true },
};
const scopeSpans: Message = { 2: { name: "spans", as: span, many: true } };
const resourceSpans: Message = { 1: { name: "resource", as: resource }, 2: { name: "scopeSpans", as: scopeSpans, many: true } };
/** collector/trace/v1/trace_service.proto */
const exportRequest: Message = { 1: { name: "resourceSpans", as: resourceSpans, many: true } };

const WIRE_TYPES = {
  ...{ text: WireType.LengthDelimited, id: WireType.LengthDelimited, fixed64: WireType.Bit64, double: WireType.Bit64 },
  ...{ int64: WireType.Varint, bool: WireType.Varint },
} as const;

/** @throws Problem invalid_protobuf with where the reading ended */
export function readSpansRequest(bytes: Uint8Array): { readonly resourceSpans: readonly unknown[] } {
  const reader = new BinaryReader(bytes, strictText);
  try {
    const { resourceSpans: all = [] } = readMessage(reader, bytes.length, exportRequest) as { resourceSpans?: unknown[] };
    return { resourceSpans: all };
  } catch (error) {
    throw new Problem("invalid_protobuf", { offset: reader.pos, detail: (error as Error).message }, { cause: error });
  }
}

export interface SpansAnswer {
  readonly partialSuccess?: { readonly rejectedSpans: number; readonly errorMessage: string };
}

/** ExportTraceServiceResponse; empty when all was taken. */
export function writeSpansAnswer({ partialSuccess }: SpansAnswer): Uint8Array {
  const writer = new BinaryWriter();
  if (partialSuccess) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int64(partialSuccess.rejectedSpans);
    writer.tag(2, WireType.LengthDelimited).string(partialSuccess.errorMessage);
    writer.join();
  }
  return writer.finish();
}

function readMessage(reader: BinaryReader, end: number, message: Message): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = message[number];
    const expected = field && (typeof field.as === "string" ? WIRE_TYPES[field.as] : WireType.LengthDelimited);
    if (!field || wireType !== expected) {
      reader.skip(wireType, number);
    } else {
      const value = readField(reader, field.as);
      if (!field.many) found[field.name] = value;
      else if (Object.hasOwn(found, field.name)) (found[field.name] as unknown[]).push(value);
      else found[field.name] = [value];
    }
    if (reader.pos > end) throw new Error("a field reaches beyond its message");
  }
  return found;
}

function readField(reader: BinaryReader, as: Field["as"]): unknown {
  switch (as) {
    case "text":
      return reader.string();
    case "id":
      return Buffer.from(reader.bytes()).toString("hex");
    case "fixed64":
      return String(reader.fixed64());
    case "int64":
      return String(reader.int64());
    case "double":
      return reader.double();
    case "bool":
      return reader.bool();
    default: {
      const length = reader.uint32();
      const end = reader.pos + length;
      if (end > reader.len) throw new Error("a message reaches beyond the body");
      return readMessage(reader, end, as);
    }
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function strictText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
