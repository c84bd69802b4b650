import { isObject } from "./usage-fields.ts";

/**
 * Input items of a Responses call that hold all of what they say, with the member that must be there. Everything else with an `id` may
 * be looked up by it: the provider keeps items for 30 days unless told otherwise (OpenAI, conversation state).
 *
 * Reasoning, and what compaction made of a conversation, count by the bytes of what they are encrypted to: a token is at least a byte,
 * and encryption adds some. In recorded answers each further token of reasoning brought 8 bytes more (test/fixtures/wire), so nothing is
 * compressed. A summary, or an `id` alone, tells nothing of how long the thinking was.
 */
const OWN_CONTENT: Readonly<Record<string, readonly string[]>> = {
  message: ["content"],
  function_call: ["arguments"],
  function_call_output: ["output"],
  custom_tool_call: ["input"],
  custom_tool_call_output: ["output"],
  computer_call: ["action", "actions"],
  computer_call_output: ["output"],
  local_shell_call: ["action"],
  local_shell_call_output: ["output"],
  shell_call: ["action"],
  shell_call_output: ["output"],
  apply_patch_call: ["operation"],
  apply_patch_call_output: ["output", "status"],
  image_generation_call: ["result"],
  reasoning: ["encrypted_content"],
  compaction: ["encrypted_content"],
};

/** A call without arguments, and one that printed nothing, are whole. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(["arguments", "input", "output"]);

/** Results of tools that the provider ran, which stay with it whatever the item repeats of them. */
const KEPT_BY_PROVIDER = /^(item_reference|file_search_call|code_interpreter_call|web_search_call|mcp_approval_response|tool_search_call)$/;

/** Whether any item of a Responses input only names what the provider keeps. Chats have no items. */
export function namesStoredItem(input: unknown): boolean {
  const items = Array.isArray(input) ? input : [input];
  return items.some((item) => isObject(item) && isStored(item));
}

function isStored(item: Record<string, unknown>): boolean {
  const type = item.type ?? (item.role === undefined ? "" : "message");
  if (typeof type !== "string") return true;
  if (KEPT_BY_PROVIDER.test(type)) return true;
  const named = item.id !== undefined && item.id !== null;
  if (!named) return false;
  const members = OWN_CONTENT[type];
  return members === undefined || !members.some((member) => holdsSomething(item[member], MAY_BE_EMPTY.has(member)));
}

function holdsSomething(value: unknown, mayBeEmpty: boolean): boolean {
  if (typeof value === "string") return mayBeEmpty || value !== "";
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) && Object.keys(value).length > 0;
}
