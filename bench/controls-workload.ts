import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { countWords } from "../src/adapters/providers/sim/sim-words.ts";
import { promptOfTokens, readTraceCsv, type TraceCall } from "../src/adapters/providers/sim/trace-replay.ts";
import { shuffle } from "../src/core/learned-router/train-router.ts";
import { seededDraws } from "../src/std/seeded-draws.ts";
import { RECORDED_PROMPTS_SOURCE, type RecordedPrompt, recordedPrompts } from "./judged-prompts.ts";
import { bankingQuestions, type LabelledQuestion } from "./question-sets.ts";
import { questionTraffic } from "./question-traffic.ts";

export const USE_CASES = ["help_desk", "exams", "minutes"] as const;
export type BenchUseCase = (typeof USE_CASES)[number];

/** A call of the trace, with what is asked in it. */
export interface BenchCall extends TraceCall {
  readonly useCase: BenchUseCase;
  /** Made when it is sent: all of them at once would be some 100 MB. */
  messages(): readonly { readonly role: string; readonly content: string }[];
  /** Of the help desk: what the question is about. */
  readonly intent?: string;
  /** Of exams: the question, with whether each model answered it right. */
  readonly prompt?: RecordedPrompt;
}

export interface Workload {
  readonly calls: readonly BenchCall[];
  readonly prompts: readonly RecordedPrompt[];
}

const TRACE = "llm-traces/azure-llm-2023-conv.csv";
const MEETINGS = "text/qmsum-val.jsonl.gz";
export const FAQ_QUESTIONS = 2000;

/** Where they are from: what is told when they are not there. */
export const WORKLOAD_SOURCE = `${TRACE} (Azure/AzurePublicDataset), ${MEETINGS} (QMSum), and ${RECORDED_PROMPTS_SOURCE}`;

export const ASSUMPTIONS = [
  "Arrivals, prompt tokens and answer tokens are the chat trace's (Azure 2023, 40 minutes, Patel et al. 2024), one call for each of its; its contents were never published, so the contents are ours.",
  "Each call is of one of three applications by an even draw: help_desk, exams, minutes. The mix is ours; the saving per use case below is what it is made of.",
  `help_desk: one question of ${FAQ_QUESTIONS} of banking77 behind the same instructions, as long as the trace's mean prompt; the common ones come oftenest (Zipf) and are retyped. How often and in which way is ours.`,
  "exams: a question of MMLU or GSM8K, each once, behind a conversation of the trace's length. The large model is gpt-4-1106-preview, the small one Mixtral 8x7B; right or wrong is RouteLLM's recorded answer of the model that answered.",
  "minutes: a query of QMSum behind as many words of its meetings' transcripts as the trace's prompt has tokens. Nothing recorded says what its answers are worth: it is in the costs and not in the quality.",
  "Only exams have a small model (model_sizes for that use case alone): nothing recorded says what it would make of the others.",
  "Quality of help_desk: 1 for an answer of the large model, which nobody judged; of an answer from the cache 1 where the question that it was given to has the same label, else 0.",
  "An answer that is cut at the response cap counts as wrong, though it is asked to be brief: nothing recorded says what a shorter answer is worth. An answer to a compressed question counts as the one that was recorded.",
  "Both models answer at the same speed: 500 ms to the first token and 50 tokens a second after it; an answer from the cache takes no time. The prices are the shipped lists' (OpenAI, Mistral). A token is a word, as the sim counts.",
  "Quality from 1 to 5 is 1 + 4 × the share of right answers. It stands in for groundedness, the policy's guardrail of 4.2, which is another thing.",
  "The learned router judges each question by weights that did not learn from it (5 folds), as in the benchmark routing.",
];

/** @returns undefined where the folder does not have the data */
export function controlsWorkload(folder: string, seed: number, faqQuestions = FAQ_QUESTIONS): Workload | undefined {
  const prompts = recordedPrompts(folder);
  const [trace, meetings] = [TRACE, MEETINGS].map((file) => join(folder, file)) as [string, string];
  if (!prompts || !existsSync(trace) || !existsSync(meetings)) return undefined;
  const draw = seededDraws(seed);
  const all = readTraceCsv(readFileSync(trace, "utf8"));
  const useCases = all.map(() => USE_CASES[draw() % USE_CASES.length]!);
  const makers = {
    help_desk: helpDesk(
      Math.round(all.reduce((sum, { inputTokens }) => sum + inputTokens, 0) / all.length),
      all.length,
      faqQuestions,
      draw,
    ),
    exams: exams(prompts, draw),
    minutes: minutes(meetings, draw),
  };
  const calls = all.map((call, index) => ({ ...call, useCase: useCases[index]!, ...makers[useCases[index]!](call) }));
  return { calls, prompts };
}

type Draw = () => number;
type Content = Pick<BenchCall, "messages" | "intent" | "prompt">;
type Maker = (call: TraceCall) => Content;

function helpDesk(promptTokens: number, calls: number, faqQuestions: number, draw: Draw): Maker {
  const pool: LabelledQuestion[] = bankingQuestions();
  shuffle(pool, draw);
  const questions = pool.slice(0, faqQuestions);
  const traffic = questionTraffic(
    questions.map(({ text }) => text),
    calls,
    draw,
  );
  const instructions = promptOfTokens(promptTokens);
  let next = 0;
  return () => {
    const { text, of } = traffic[next++]!;
    const messages = [
      { role: "system", content: instructions },
      { role: "user", content: text },
    ];
    return { messages: () => messages, intent: questions[of]!.intent };
  };
}

function exams(prompts: readonly RecordedPrompt[], draw: Draw): Maker {
  const order = [...prompts];
  shuffle(order, draw);
  let next = 0;
  return ({ inputTokens, atMs }) => {
    // There are more questions than calls about them.
    const prompt = order[next++]!;
    const history = Math.max(2, inputTokens - countWords(prompt.text));
    const messages = () => [
      { role: "user", content: promptOfTokens(Math.ceil(history / 2), atMs) },
      { role: "assistant", content: promptOfTokens(Math.floor(history / 2), atMs + 1) },
      { role: "user", content: prompt.text },
    ];
    return { messages, prompt };
  };
}

interface Meeting {
  readonly general_query_list: readonly { readonly query: string }[];
  readonly specific_query_list: readonly { readonly query: string }[];
  readonly meeting_transcripts: readonly { readonly speaker: string; readonly content: string }[];
}

function minutes(path: string, draw: Draw): Maker {
  const meetings = gunzipSync(readFileSync(path))
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const { general_query_list: general, specific_query_list: specific, meeting_transcripts: turns } = JSON.parse(line) as Meeting;
      return {
        queries: [...general, ...specific].map(({ query }) => query),
        lines: turns.map(({ speaker, content }) => `${speaker}: ${content}`),
      };
    });
  const lines = meetings.flatMap((meeting) => meeting.lines);
  return ({ inputTokens }) => {
    const { queries } = meetings[draw() % meetings.length]!;
    const [query, from] = [queries[draw() % queries.length]!, draw() % lines.length];
    const messages = () => [{ role: "user", content: `${linesOf(lines, from, inputTokens - countWords(query))}\n\n${query}` }];
    return { messages };
  };
}

/** So many words of the transcripts from a line on; where a meeting ends the next follows, so that nothing is said twice in a prompt. */
function linesOf(lines: readonly string[], from: number, tokens: number): string {
  const taken: string[] = [];
  for (let at = from, left = Math.max(1, tokens); left > 0; at++) {
    const words = lines[at % lines.length]!.split(/\s+/).slice(0, left);
    taken.push(words.join(" "));
    left -= words.length;
  }
  return taken.join("\n");
}
