/** A text of ours in place of a model's: what a dialect needs to say it as its SDKs expect. Nothing was used, so its usage is zero. */
export interface TemplateAnswer {
  readonly text: string;
  /** As the caller named it. */
  readonly model: string;
  readonly traceId: string;
  /** UTC milliseconds. */
  readonly at: number;
  readonly stream: boolean;
  /** Whether a stream was asked to end with its usage. */
  readonly wantsUsage: boolean;
}

export function chatTemplate({ text, model, traceId, at, stream, wantsUsage }: TemplateAnswer): string {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const head = { id: `chatcmpl-${traceId}`, created: seconds(at), model };
  if (!stream) {
    const message = { role: "assistant", content: text, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
    return JSON.stringify({ ...head, object: "chat.completion", choices, usage });
  }
  const chunk = (more: object) => `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...more })}\n\n`;
  const piece = (delta: object, finish_reason: string | null) => chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason }] });
  const said = piece({ role: "assistant", content: "" }, null) + piece({ content: text }, null) + piece({}, "stop");
  return `${said}${wantsUsage ? chunk({ choices: [], usage }) : ""}data: [DONE]\n\n`;
}

export function responsesTemplate({ text, model, traceId, at, stream }: TemplateAnswer): string {
  const part = { type: "output_text", text, annotations: [], logprobs: [] };
  const item = { id: `msg_${traceId}`, type: "message", status: "completed", role: "assistant", content: [part] };
  const details = { input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } };
  const usage = { input_tokens: 0, output_tokens: 0, total_tokens: 0, ...details };
  const nothing = { error: null, incomplete_details: null, instructions: null, metadata: {}, parallel_tool_calls: true };
  const settings = { temperature: null, tool_choice: "auto", tools: [], top_p: null };
  const head = { id: `resp_${traceId}`, object: "response", created_at: seconds(at), model, ...nothing, ...settings };
  const whole = { ...head, status: "completed", output: [item], usage };
  if (!stream) return JSON.stringify(whole);
  const begun = { ...head, status: "in_progress", output: [], usage: null };
  const place = { item_id: item.id, output_index: 0, content_index: 0 };
  const events: readonly (readonly [string, object])[] = [
    ["response.created", { response: begun }],
    ["response.in_progress", { response: begun }],
    ["response.output_item.added", { output_index: 0, item: { ...item, status: "in_progress", content: [] } }],
    ["response.content_part.added", { ...place, part: { ...part, text: "" } }],
    ["response.output_text.delta", { ...place, delta: text, logprobs: [] }],
    ["response.output_text.done", { ...place, text, logprobs: [] }],
    ["response.content_part.done", { ...place, part }],
    ["response.output_item.done", { output_index: 0, item }],
    ["response.completed", { response: whole }],
  ];
  return events.map(([type, more], index) => namedEvent(type, { type, sequence_number: index, ...more })).join("");
}

export function messagesTemplate({ text, model, traceId, stream }: TemplateAnswer): string {
  const usage = { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };
  const head = { id: `msg_${traceId}`, type: "message", role: "assistant", model };
  const stop = { stop_reason: "end_turn", stop_sequence: null };
  if (!stream) return JSON.stringify({ ...head, content: [{ type: "text", text }], ...stop, usage });
  const begun = { ...head, content: [], stop_reason: null, stop_sequence: null, usage };
  const events: readonly (readonly [string, object])[] = [
    ["message_start", { message: begun }],
    ["content_block_start", { index: 0, content_block: { type: "text", text: "" } }],
    ["content_block_delta", { index: 0, delta: { type: "text_delta", text } }],
    ["content_block_stop", { index: 0 }],
    ["message_delta", { delta: stop, usage }],
    ["message_stop", {}],
  ];
  return events.map(([type, more]) => namedEvent(type, { type, ...more })).join("");
}

function namedEvent(type: string, payload: object): string {
  return `event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`;
}

function seconds(at: number): number {
  return Math.floor(at / 1000);
}
