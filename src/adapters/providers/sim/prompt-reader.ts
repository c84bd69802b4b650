import { type SimDirective, takeDirectives } from "./sim-directive.ts";
import { countWords } from "./sim-words.ts";

/** Adds up the tokens of a request's texts and finds its directive. The last directive in the user's texts counts. */
export class PromptReader {
  tokens = 0;
  directive: SimDirective | undefined;

  /** @param user whether a directive in it steers the answer; it is no token either way */
  addText(text: string, user: boolean): void {
    if (text.indexOf("[[sim") < 0) {
      this.tokens += countWords(text);
      return;
    }
    const directed = takeDirectives(text);
    this.tokens += countWords(directed.text);
    if (user && directed.directive) this.directive = directed.directive;
  }

  /** Content in any dialect: a text, or parts with `text`, or parts that hold `content` or `output` (results of tools). */
  addContent(content: unknown, user: boolean): void {
    if (typeof content === "string") this.addText(content, user);
    else if (Array.isArray(content)) for (const part of content) this.addPart(part, user);
  }

  addPart(part: unknown, user: boolean): void {
    if (typeof part === "string") this.addText(part, user);
    if (typeof part !== "object" || part === null) return;
    const { text, content, output } = part as Record<string, unknown>;
    if (typeof text === "string") this.addText(text, user);
    if (content !== undefined) this.addContent(content, user);
    if (output !== undefined) this.addContent(output, user);
  }

  /** Of a tool, its description is text; names and parameter schemas are not. */
  addTools(tools: unknown): void {
    if (!Array.isArray(tools)) return;
    for (const tool of tools) {
      const description = tool?.description ?? tool?.function?.description;
      if (typeof description === "string") this.addText(description, false);
    }
  }
}
