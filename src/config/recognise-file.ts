import { parse } from "yaml";

export type FileKind = "config" | "policy" | "policy_test";

/**
 * What a file of settings is, by the words at its top. A configuration and a policy may both name providers, so that decides nothing.
 * What cannot be told is a configuration, whose reader says what is wrong with it.
 */
export function recogniseFile(text: string): FileKind {
  const words = topWords(text);
  if (words.includes("tests") || words.includes("policies")) return "policy_test";
  const isPolicy = ["version", "use_cases", "spend_slo", "reporting", "guardrails", "pace"].some((word) => words.includes(word));
  return isPolicy ? "policy" : "config";
}

function topWords(text: string): string[] {
  try {
    const value: unknown = parse(text, { maxAliasCount: 100, logLevel: "silent" });
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  } catch {
    // A fault of syntax: what stands at the beginning of lines still says what it was meant to be.
    return [...text.matchAll(/^([a-z_]+)\s*:/gm)].map((match) => match[1]!);
  }
}
