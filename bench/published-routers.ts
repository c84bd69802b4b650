/**
 * What RouteLLM's paper says of its routers, GPT-4 Turbo against Mixtral 8x7B: Ong et al., "RouteLLM: Learning to Route LLMs with Preference
 * Data", arXiv 2406.18665v4, tables of MMLU (5-shot, routers trained with labels of MMLU's validation questions) and GSM8K (8-shot, routers
 * trained with a judge's labels of other prompts). The tables were read in other people's notes and not in the paper itself; two notes that
 * do not copy each other agree on the figures with `agreed`, the others rest on one.
 */
export interface PublishedRouter {
  readonly set: "mmlu" | "gsm8k";
  readonly name: string;
  readonly gap: number;
  /** Percent of the calls. */
  readonly half: number;
  readonly fourFifths: number;
  readonly agreed: boolean;
}

export const PUBLISHED_ROUTERS: readonly PublishedRouter[] = [
  { set: "mmlu", name: "SW ranking", gap: 0.603, half: 35.4, fourFifths: 71.6, agreed: true },
  { set: "mmlu", name: "causal LLM", gap: 0.6, half: 35.5, fourFifths: 70.3, agreed: false },
  { set: "mmlu", name: "matrix factorisation", gap: 0.597, half: 35.5, fourFifths: 71.4, agreed: false },
  { set: "mmlu", name: "BERT", gap: 0.572, half: 41.3, fourFifths: 72.2, agreed: false },
  { set: "mmlu", name: "random", gap: 0.5, half: 50.1, fourFifths: 79.9, agreed: false },
  { set: "gsm8k", name: "causal LLM", gap: 0.622, half: 33.6, fourFifths: 63.3, agreed: true },
  { set: "gsm8k", name: "SW ranking", gap: 0.568, half: 41.2, fourFifths: 72.2, agreed: false },
  { set: "gsm8k", name: "matrix factorisation", gap: 0.565, half: 38.8, fourFifths: 72.6, agreed: false },
  { set: "gsm8k", name: "BERT", gap: 0.531, half: 44.8, fourFifths: 79.1, agreed: false },
  { set: "gsm8k", name: "random", gap: 0.497, half: 50.0, fourFifths: 80.1, agreed: false },
];
