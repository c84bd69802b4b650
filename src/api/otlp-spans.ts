import type { Instant } from "../core/time/window.ts";

/* OTLP/HTTP in JSON, of any shape: what is not there, or is something else, is passed over. */

export type Attributes = ReadonlyMap<string, string>;

const MOST_AHEAD_MS = 5 * 60_000;
const EARLIEST = Date.UTC(2000, 0, 1);

/** Every span, with its attributes over those of its resource. */
export function* spansOf(resourceSpans: readonly unknown[]): Generator<{ readonly span: unknown; readonly attributes: Attributes }> {
  for (const resourceSpan of resourceSpans) {
    const shared = attributesOf(memberOf(memberOf(resourceSpan, "resource"), "attributes"));
    for (const scopeSpan of listOf(memberOf(resourceSpan, "scopeSpans"))) {
      for (const span of listOf(memberOf(scopeSpan, "spans"))) {
        yield { span, attributes: new Map([...shared, ...attributesOf(memberOf(span, "attributes"))]) };
      }
    }
  }
}

/** Attributes with a plain value, as text; integers come as text, and doubles keep their digits. */
export function attributesOf(list: unknown): Attributes {
  const found = new Map<string, string>();
  for (const attribute of listOf(list)) {
    const [key, value] = [memberOf(attribute, "key"), memberOf(attribute, "value")];
    const text = ["stringValue", "intValue", "doubleValue"].map((kind) => memberOf(value, kind)).find((one) => one !== undefined);
    if (typeof key === "string" && (typeof text === "string" || typeof text === "number")) found.set(key, String(text));
  }
  return found;
}

/** Ids in JSON are hex, and case makes no difference (OTLP, JSON Protobuf Encoding); zeros are no id (W3C Trace Context). */
export function idOf(span: unknown, name: string, digits: number): string | undefined {
  const id = memberOf(span, name);
  return typeof id === "string" && id.length === digits && /^[0-9a-f]+$/i.test(id) && !/^0+$/.test(id) ? id.toLowerCase() : undefined;
}

/** A time until now, our clocks' difference aside; undefined when it is none. */
export function timeOf(value: unknown, name: string, now: Instant): Instant | undefined {
  const text = String(memberOf(value, name));
  const at = /^\d{1,20}$/.test(text) ? Number(BigInt(text) / 1_000_000n) : undefined;
  return at === undefined || at > now + MOST_AHEAD_MS || at < EARLIEST ? undefined : at;
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
