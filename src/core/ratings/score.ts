/* One scale for all ratings: 1 is the worst, 5 the best. */

export const SCORE_SCALES = ["1-5", "0-1"] as const;
export type ScoreScale = (typeof SCORE_SCALES)[number];

const BOUNDS: Readonly<Record<ScoreScale, readonly [least: number, most: number]>> = { "1-5": [1, 5], "0-1": [0, 1] };

/** The score from 1 to 5, to six decimals; undefined when the value lies outside of its scale. */
export function scoreOf(value: number, scale: ScoreScale): number | undefined {
  const [least, most] = BOUNDS[scale];
  if (!(value >= least && value <= most)) return undefined;
  return Math.round((1 + (4 * (value - least)) / (most - least)) * 1e6) / 1e6;
}

const LABELS: Readonly<Record<string, number>> = {
  ...{ pass: 5, passed: 5, grounded: 5, relevant: 5, correct: 5, yes: 5, true: 5 },
  ...{ partial: 3, partially_grounded: 3, partially_correct: 3 },
  ...{ fail: 1, failed: 1, ungrounded: 1, not_grounded: 1, not_relevant: 1, irrelevant: 1, incorrect: 1, no: 1, false: 1 },
};

/** What a word means as a score, in any case and with blanks or dashes; undefined when it is no word that is known. */
export function scoreOfLabel(label: string): number | undefined {
  const word = label
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  return Object.hasOwn(LABELS, word) ? LABELS[word] : undefined;
}

export const SCORE_LABELS = Object.keys(LABELS);

/** What was rated: groundedness and its like, in lower case. */
export const RATING_NAME = /^[a-z][a-z0-9_.-]{0,63}$/;
