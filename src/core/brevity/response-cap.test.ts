import { expect, it } from "vitest";
import { viewPrompt } from "../prompt/prompt-view.ts";
import { briefRequest, isFreeForm, mayCap } from "./response-cap.ts";

const said = { messages: [{ role: "user", content: "Tell me about tides." }] };
const may = (body: object, more: { hidesReasoning?: boolean; askedTokens?: number | undefined } = {}) =>
  mayCap(
    {
      isFreeForm: isFreeForm(viewPrompt("openai-chat", body as Record<string, unknown>)!),
      hidesReasoning: false,
      askedTokens: 4096,
      ...more,
    },
    350,
  );

it("caps an answer of plain words, whether the caller said a limit above the cap or none", () => {
  expect(may(said)).toBe(true);
  expect(may(said, { askedTokens: undefined })).toBe(true);
  expect(may({ ...said, response_format: { type: "text" } })).toBe(true);
});

it.each([
  ["with tools", { ...said, tools: [{ type: "function", function: { name: "f" } }] }],
  ["as JSON", { ...said, response_format: { type: "json_object" } }],
  ["by a schema", { ...said, response_format: { type: "json_schema", json_schema: {} } }],
  ["in the form that Responses asks for", { ...said, text: { format: { type: "json_schema" } } }],
  ["by a grammar of an own server", { ...said, guided_json: {} }],
  ["to a tool's result", { messages: [...said.messages, { role: "tool", content: "21" }] }],
  ["that the caller has begun", { messages: [...said.messages, { role: "assistant", content: "{" }] }],
  [
    "to a picture",
    {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What?" },
            { type: "image_url", image_url: { url: "x" } },
          ],
        },
      ],
    },
  ],
])("leaves an answer %s whole", (_, body) => {
  expect(may(body)).toBe(false);
});

it("leaves a model that thinks alone, and a caller's own smaller limit", () => {
  expect(may(said, { hidesReasoning: true })).toBe(false);
  expect(may(said, { askedTokens: 350 })).toBe(false);
  expect(may(said, { askedTokens: 100 })).toBe(false);
});

it("asks for fewer words than the cap has tokens, so that the answer ends before it is cut", () => {
  expect(briefRequest(350)).toContain("at most 190 words");
  expect(briefRequest(16)).toContain("at most 10 words");
});
