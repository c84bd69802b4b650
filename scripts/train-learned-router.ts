import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { outOfFoldAdvantages } from "../bench/cross-validate.ts";
import { RECORDED_PROMPTS_SOURCE, recordedPrompts } from "../bench/judged-prompts.ts";
import { packWeights } from "../src/core/learned-router/packed-weights.ts";
import { scoreOf } from "../src/core/learned-router/score-prompt.ts";
import { calibrate, rankScores, trainRouter } from "../src/core/learned-router/train-router.ts";
import { seededDraws } from "../src/std/seeded-draws.ts";

/*
 * Trains the learned router anew and writes its weights: node scripts/train-learned-router.ts [data folder]. The same data gives the same
 * file. What it is worth is measured by `npm run bench -- --only routing`, on prompts that were not learned from.
 */
const SEED = 1;
const data = process.argv[2] ?? fileURLToPath(new URL("../../shared/data", import.meta.url));
const prompts = recordedPrompts(data);
if (!prompts) {
  console.error(`${data} does not have ${RECORDED_PROMPTS_SOURCE}.`);
  process.exit(2);
}
const weights = trainRouter(prompts, seededDraws(SEED));
// Calibrated on what each prompt's score is when it was not learned from: on its own training data any model is too sure of itself.
const advantages = outOfFoldAdvantages(prompts, SEED);
const calibration = calibrate(
  prompts.map(({ weakIsRight, strongIsRight }, index) => ({
    advantage: advantages[index]!,
    onlyStrongIsRight: strongIsRight && !weakIsRight,
  })),
);
const ranks = rankScores(prompts.map(({ text }) => scoreOf({ weights, calibration, ranks: [] }, text)));
const fields = (head: ArrayLike<number>) =>
  Object.entries(packWeights(head))
    .map(([name, value]) => `    ${name}: ${JSON.stringify(value)},\n`)
    .join("");
const list = ranks.map((rank) => Number(rank.toFixed(5))).join(", ");
const text = `/*
 * Written by scripts/train-learned-router.ts; not by hand. Learned from ${prompts.length} questions of MMLU (MIT) and GSM8K (MIT), and whether
 * GPT-4 Turbo (gpt-4-1106) and Mixtral 8x7B answered each of them right: lm-sys/RouteLLM at 0b64fda, Apache-2.0. No question can be read from it.
 */
export const ROUTER_WEIGHTS = {
  weak: {
${fields(weights.weak)}  },
  strong: {
${fields(weights.strong)}  },
  calibration: { slope: ${calibration.slope.toFixed(6)}, offset: ${calibration.offset.toFixed(6)} },
  ranks: [
    ${list},
  ],
} as const;
`;
const file = fileURLToPath(new URL("../src/core/learned-router/router-weights.ts", import.meta.url));
writeFileSync(file, text);
console.log(`${file} is written, ${Math.round(text.length / 1000)} kB, from ${prompts.length} prompts`);
