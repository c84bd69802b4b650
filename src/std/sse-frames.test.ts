import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SseFrames } from "./sse-frames.ts";

function cut(text: string, sizes: readonly number[]) {
  const frames = new SseFrames(1_000_000);
  const bytes = Buffer.from(text);
  const found = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    found.push(...frames.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return { found, rest: frames.rest };
}

describe("SseFrames", () => {
  it("finds the same events in whatever pieces they arrive, and loses no byte", () => {
    const line = fc.constantFrom("data: {}", "data:x", "data: a b", ": keep-alive", "event: e", "id: 1", "data: ä€😀");
    const ending = fc.constantFrom("\n", "\r\n");
    const event = fc
      .tuple(fc.array(line, { minLength: 1, maxLength: 4 }), ending)
      .map(([lines, end]) => lines.map((each) => each + end).join("") + end);
    fc.assert(
      fc.property(fc.array(event), fc.array(fc.integer({ min: 1, max: 20 })), (events, sizes) => {
        const text = events.join("");
        const { found, rest } = cut(text, sizes);
        const whole = cut(text, []);
        expect(found.map((frame) => frame.data)).toEqual(whole.found.map((frame) => frame.data));
        expect(Buffer.concat([...found.map((frame) => frame.bytes), rest]).toString()).toBe(text);
        expect(found).toHaveLength(events.length);
      }),
    );
  });

  it("joins data lines and reads no data in comments", () => {
    expect(cut("data: a\ndata: b\n\n: hello\n\n", []).found.map((frame) => frame.data)).toEqual(["a\nb", ""]);
  });

  it("refuses an event larger than allowed", () => {
    const frames = new SseFrames(10);
    expect(() => frames.push(Buffer.from("data: far too long for this"))).toThrow(RangeError);
  });
});
