import { performance } from "node:perf_hooks";
import { compareQuestions } from "../src/core/answer-reuse/compare-questions.ts";
import { questionForm } from "../src/core/answer-reuse/question-form.ts";
import { SimilarQuestions } from "../src/core/answer-reuse/similar-questions.ts";
import { seededDraws } from "../src/std/seeded-draws.ts";
import type { BenchSetting } from "./bench-setting.ts";
import type { Figure, Outcome } from "./figure.ts";
import { cosine, type LexicalVector, lexicalVectors } from "./lexical-cosine.ts";
import { type EditedPair, editsOf } from "./question-edits.ts";
import { assistantQuestions, bankingPairs, bankingQuestions, type LabelledQuestion } from "./question-sets.ts";
import { questionTraffic } from "./question-traffic.ts";

const THRESHOLDS = [0.8, 0.9, 0.95];
const PLACE = { owner: "bench", setting: "same" };

/** Whether questions get the right answers again: how many, and how many wrong ones. In process; the sets are in test/fixtures/questions. */
export async function answerCacheBench({ rounds, say }: BenchSetting): Promise<Outcome> {
  const banking = bankingQuestions();
  const vectorOf = lexicalVectors(banking.map(({ text }) => text));
  const outcomes: Outcome[] = [];
  say("answer-cache: pairs of banking77");
  outcomes.push(pairOutcome(vectorOf));
  say("answer-cache: edited questions");
  outcomes.push(editOutcome(banking, vectorOf));
  for (const [name, questions] of [
    ["banking77", banking],
    ["CLINC150", assistantQuestions()],
  ] as const) {
    say(`answer-cache: every question of ${name}, one after the other`);
    outcomes.push(streamOutcome(name, questions));
  }
  say("answer-cache: traffic");
  outcomes.push(trafficOutcome(assistantQuestions(), rounds), speedOutcome(banking, rounds));
  return { figures: outcomes.flatMap(({ figures }) => figures), notes: outcomes.flatMap(({ notes }) => notes) };
}

function figure(name: string, unit: string, values: number | readonly number[], goal?: string): Figure {
  return { benchmark: "answer-cache", name, unit, values: typeof values === "number" ? [values] : values, ...(goal ? { goal } : {}) };
}

function asksTheSame(one: string, other: string): boolean {
  const [left, right] = [questionForm(one), questionForm(other)];
  return one === other || (left !== undefined && right !== undefined && compareQuestions(left, right).same);
}

/** The pairs have same intents in other words, which is less than the same answer, and other intents in nearly the same words. */
function pairOutcome(vectorOf: (text: string) => LexicalVector): Outcome {
  const pairs = bankingPairs();
  const counted = (hits: (one: string, other: string) => boolean) => {
    const found = pairs.filter(({ textA, textB }) => hits(textA, textB));
    return { hits: found.filter(({ isSame }) => isSame).length, wrong: found.filter(({ isSame }) => !isSame) };
  };
  const [same, other] = [pairs.filter(({ isSame }) => isSame).length, pairs.filter(({ isSame }) => !isSame).length];
  const ours = counted(asksTheSame);
  const figures = [
    figure(`pairs of one intent (${same}): given the other's answer`, "%", (100 * ours.hits) / same),
    figure(`pairs of two intents (${other}): given the other's answer`, "%", (100 * ours.wrong.length) / other, "<= 0.1"),
    ...THRESHOLDS.flatMap((threshold) => {
      const byCosine = counted((one, two) => cosine(vectorOf(one), vectorOf(two)) >= threshold);
      return [
        figure(`reference, cosine >= ${threshold}: pairs of one intent`, "%", (100 * byCosine.hits) / same),
        figure(`reference, cosine >= ${threshold}: pairs of two intents`, "%", (100 * byCosine.wrong.length) / other),
      ];
    }),
  ];
  return { figures, notes: ours.wrong.map(({ textA, textB }) => `two intents by their labels: ${textA} | ${textB}`) };
}

function editOutcome(banking: readonly LabelledQuestion[], vectorOf: (text: string) => LexicalVector): Outcome {
  const draw = seededDraws(1);
  const edits = banking.flatMap(({ text }) => editsOf(text, draw));
  const wrong = edits.filter(({ textA, textB }) => asksTheSame(textA, textB));
  const kinds = [...new Set(edits.map(({ edit }) => edit))];
  const figures = [
    figure(
      `edited questions (${edits.length}, ${kinds.length} kinds): given the other's answer`,
      "%",
      (100 * wrong.length) / edits.length,
      "<= 0.1",
    ),
    figure("the same, at most (95 %, Clopper-Pearson)", "%", 100 * upperBound(wrong.length, edits.length), "<= 0.1"),
    ...THRESHOLDS.map((threshold) => {
      const taken = edits.filter(({ textA, textB }) => cosine(vectorOf(textA), vectorOf(textB)) >= threshold);
      return figure(`reference, cosine >= ${threshold}: edited questions`, "%", (100 * taken.length) / edits.length);
    }),
  ];
  return { figures, notes: wrong.slice(0, 20).map((pair: EditedPair) => `${pair.edit}: ${pair.textA} | ${pair.textB}`) };
}

/** Every question once, among all that came before: a hit on another label is false, whatever the two texts say. */
function streamOutcome(name: string, questions: readonly LabelledQuestion[]): Outcome {
  const kept = new SimilarQuestions(questions.length);
  const wrong: string[] = [];
  let hits = 0;
  let alike = 0;
  questions.forEach(({ text, intent }, at) => {
    const found = kept.find(PLACE, text);
    if (found === undefined) kept.keep(PLACE, text, String(at));
    else {
      hits++;
      const before = questions[Number(found)]!;
      if (before.intent !== intent) {
        wrong.push(`${name}, ${before.intent} / ${intent}: ${before.text} | ${text}`);
        if (bare(before.text) === bare(text)) alike++;
      }
    }
  });
  const figures = [
    figure(`${name}, ${questions.length} different texts: hits`, "%", (100 * hits) / questions.length),
    figure(`${name}: hits on another label, of all lookups`, "%", (100 * wrong.length) / questions.length, "<= 0.1"),
    figure(`${name}: of these, the same text but for case and marks`, "count", alike),
  ];
  return { figures, notes: wrong };
}

const bare = (text: string) => (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(" ");

const CALLS = 20_000;
const QUESTIONS = 2_000;

function trafficOutcome(questions: readonly LabelledQuestion[], rounds: number): Outcome {
  const [exact, semantic, wrong]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const draw = seededDraws(round + 1);
    const asked = pickDifferent(questions, draw);
    const traffic = questionTraffic(asked, CALLS, draw);
    const kept = new SimilarQuestions(CALLS);
    const texts = new Set<string>();
    const counts = { exact: 0, semantic: 0, wrong: 0 };
    traffic.forEach(({ text, of }, at) => {
      const found = texts.has(text) ? undefined : kept.find(PLACE, text);
      if (texts.has(text)) counts.exact++;
      else if (found !== undefined) {
        counts.semantic++;
        if (traffic[Number(found)]!.of !== of) counts.wrong++;
      }
      if (texts.has(text) || found !== undefined) return;
      texts.add(text);
      kept.keep(PLACE, text, String(at));
    });
    exact.push((100 * counts.exact) / CALLS);
    semantic.push((100 * counts.semantic) / CALLS);
    wrong.push((100 * counts.wrong) / CALLS);
  }
  const figures = [
    figure(`traffic, ${CALLS} calls about ${QUESTIONS} questions: exact hits`, "%", exact),
    figure("traffic: semantic hits beside these", "%", semantic),
    figure("traffic: hits on another question", "%", wrong, "<= 0.1"),
  ];
  return { figures, notes: [] };
}

/** Questions no two of which say the same by what we measure with: else a hit between them would be called false. */
function pickDifferent(questions: readonly LabelledQuestion[], draw: () => number): string[] {
  const kept = new SimilarQuestions(QUESTIONS);
  const picked: string[] = [];
  while (picked.length < QUESTIONS) {
    const { text } = questions[draw() % questions.length]!;
    if (kept.find(PLACE, text) !== undefined || picked.includes(text)) continue;
    kept.keep(PLACE, text, String(picked.length));
    picked.push(text);
  }
  return picked;
}

function speedOutcome(banking: readonly LabelledQuestion[], rounds: number): Outcome {
  const kept = new SimilarQuestions(10_000);
  for (const [at, { text }] of banking.entries()) kept.keep(PLACE, `${text} number ${at}`, String(at));
  const values = Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    for (const { text } of banking) kept.find(PLACE, text);
    return banking.length / ((performance.now() - startedAt) / 1000);
  });
  return { figures: [figure(`lookups among ${kept.size} questions, all misses`, "1/s", values)], notes: [] };
}

/** The largest share that would show so few with a chance of 5 %. */
function upperBound(found: number, of: number): number {
  let [low, high] = [found / of, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (atMost(found, of, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

function atMost(found: number, of: number, share: number): number {
  let term = of * Math.log1p(-share);
  let sum = Math.exp(term);
  for (let count = 1; count <= found; count++) {
    term += Math.log((of - count + 1) / count) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(term);
  }
  return sum;
}
