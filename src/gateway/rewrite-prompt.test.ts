import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { turnsToCompress } from "../core/compression/compressed-turns.ts";
import { TurnMemory } from "../core/compression/turn-memory.ts";
import type { CallDialect } from "../core/usage/usage.ts";
import { readPrompt } from "./read-prompt.ts";
import { rewritePrompt } from "./rewrite-prompt.ts";

const PROSE =
  "Could you please  tell the team what this is for, um, in order to see what you have to do with it and how it would go there? ";
const words = fc
  .tuple(fc.string({ maxLength: 30, unit: "grapheme" }), fc.nat(4))
  .map(([text, times]) => `${text} ${PROSE.repeat(times)}\n\n\n${PROSE}`);
const part = fc.record({ type: fc.constant("text"), text: words });
const turn = fc.record(
  {
    role: fc.constantFrom("user", "user", "assistant", "system"),
    content: fc.oneof(
      words,
      fc.array(part, { minLength: 1, maxLength: 3 }),
      fc.tuple(part, fc.constant({ type: "image_url", image_url: { url: "data:image/png;base64,AA" } })),
      fc.tuple(part.map((marked) => ({ ...marked, cache_control: { type: "ephemeral" } }))),
    ),
  },
  { requiredKeys: ["role", "content"] },
);
const conversation = fc.array(turn, { minLength: 1, maxLength: 8 });
const dialects = fc.constantFrom<CallDialect>("openai-chat", "anthropic-messages");

interface Sent {
  readonly messages: { role: string; content: unknown }[];
  readonly [member: string]: unknown;
}

/** Sends every beginning of a conversation, as an application does that gives its history along. */
function sendAll(dialect: CallDialect, messages: readonly object[], from: number, hand: number): { sent: Sent; raw: Sent }[] {
  const memory = new TurnMemory();
  return messages.slice(from).map((_, at) => {
    const raw = { model: "m", temperature: 0.25, messages: messages.slice(0, from + at + 1), tools: [] };
    const bytes = Buffer.from(JSON.stringify(raw, null, hand));
    const turns = turnsToCompress(readPrompt(dialect, bytes, true)!.compressible, "k", memory);
    const { bytes: rewritten } = rewritePrompt(dialect, bytes, { compress: turns.map(({ turn: place }) => place), append: undefined });
    for (const { digest } of turns) memory.add(`k ${digest}`);
    return { sent: JSON.parse(rewritten.toString()) as Sent, raw: raw as unknown as Sent };
  });
}

describe("a conversation whose prompts are compressed", () => {
  it("goes out with the same beginning each time, from the call on with which compression began", () => {
    fc.assert(
      fc.property(dialects, conversation, fc.nat(3), fc.nat(2), (dialect, messages, begin, hand) => {
        const all = sendAll(dialect, messages, Math.min(begin, messages.length - 1), hand);
        for (let at = 1; at < all.length; at++) {
          const before = all[at - 1]!.sent.messages;
          const raw = all[at]!.raw.messages;
          const after = all[at]!.sent.messages;
          // What a new mark covers for the first time is sent as it was written, and from then on so.
          const mark = raw.findLastIndex(({ content }) => JSON.stringify(content).includes("cache_control"));
          expect(after.slice(mark + 1, before.length)).toEqual(before.slice(mark + 1));
          expect(after.slice(0, mark + 1)).toEqual(raw.slice(0, mark + 1));
        }
      }),
      { numRuns: 300, seed: 51 },
    );
  });

  it("changes the user's plain turns and nothing else", () => {
    fc.assert(
      fc.property(dialects, conversation, fc.nat(2), (dialect, messages, hand) => {
        for (const { sent, raw } of sendAll(dialect, messages, 0, hand)) {
          expect({ ...sent, messages: [] }).toEqual({ ...raw, messages: [] });
          sent.messages.forEach((message, at) => {
            const plain = typeof message.content === "string" || !JSON.stringify(message.content).includes("image_url");
            if (message.role !== "user" || !plain) expect(message).toEqual(raw.messages[at]);
          });
        }
      }),
      { numRuns: 200, seed: 52 },
    );
  });

  it("holds no more conversations than it is told to, and forgets the one that was not asked for longest", () => {
    const memory = new TurnMemory(2);
    memory.add("a");
    memory.add("b");
    expect(memory.has("a")).toBe(true);
    memory.add("c");
    expect([memory.has("a"), memory.has("b"), memory.has("c")]).toEqual([true, false, true]);
  });
});

describe("the wish for a short answer", () => {
  it("comes after everything that the user said, and leaves every byte before it as it was", () => {
    fc.assert(
      fc.property(dialects, words, fc.boolean(), fc.nat(2), (dialect, text, inParts, hand) => {
        const content = inParts ? [{ type: "text", text }] : text;
        const bytes = Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content }], stop: ["x"] }, null, hand));
        const { bytes: rewritten } = rewritePrompt(dialect, bytes, { compress: [], append: "\n\n(Briefly.)" });
        const sent = JSON.parse(rewritten.toString()) as Sent;
        const wished = inParts
          ? [
              { type: "text", text },
              { type: "text", text: "(Briefly.)" },
            ]
          : `${text}\n\n(Briefly.)`;
        expect(sent).toEqual({ model: "m", messages: [{ role: "user", content: wished }], stop: ["x"] });
        let same = 0;
        while (rewritten[same] === bytes[same]) same++;
        const written = bytes.indexOf(JSON.stringify(text)) + Buffer.byteLength(JSON.stringify(text)) - 1;
        expect(same).toBeGreaterThanOrEqual(written);
      }),
      { numRuns: 200, seed: 53 },
    );
  });
});
