import { writeFileSync } from "node:fs";
import { EDITS, type EditedPair, editsOf } from "../bench/question-edits.ts";
import { bankingQuestions } from "../bench/question-sets.ts";
import { writeCsv } from "../src/std/csv-text.ts";
import { seededDraws } from "../src/std/seeded-draws.ts";

/* node scripts/write-adversarial-questions.ts: test/fixtures/questions/adversarial-questions.csv anew, the same every time. */

const OF_EACH = 60;
const draw = seededDraws(1);
const questions = bankingQuestions();
const left = new Map(Object.keys(EDITS).map((edit) => [edit, OF_EACH]));
const pairs: EditedPair[] = [];
while ([...left.values()].some((count) => count > 0)) {
  for (const pair of editsOf(questions[draw() % questions.length]!.text, draw)) {
    if (left.get(pair.edit) === 0 || /[\r\n]/.test(pair.textA)) continue;
    left.set(pair.edit, left.get(pair.edit)! - 1);
    pairs.push(pair);
  }
}
pairs.sort((one, other) => (one.edit < other.edit ? -1 : one.edit > other.edit ? 1 : 0));
const path = new URL("../test/fixtures/questions/adversarial-questions.csv", import.meta.url);
writeFileSync(path, writeCsv([["text_a", "text_b", "edit"], ...pairs.map(({ textA, textB, edit }) => [textA, textB, edit])]));
