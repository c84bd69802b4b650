import { unpackWeights } from "./packed-weights.ts";
import { ROUTER_WEIGHTS } from "./router-weights.ts";
import { complexityOf, type RouterModel, scoreOf } from "./score-prompt.ts";

let unpackedModel: RouterModel | undefined;

/** The router as it ships, unpacked when it is first asked: most servers never do. */
export function learnedRouter(): RouterModel {
  const { weak, strong, calibration, ranks } = ROUTER_WEIGHTS;
  unpackedModel ??= { weights: { weak: unpackWeights(weak), strong: unpackWeights(strong) }, calibration, ranks };
  return unpackedModel;
}

/**
 * How complex a text is by what was learned, 0 to 1: a drop-in for the heuristic complexity. 0.5 is the middle of the questions that the
 * router learned from, which are exam questions: docs/concepts/learned-router.md.
 */
export function learnedComplexity(text: string): number {
  const model = learnedRouter();
  return complexityOf(model, scoreOf(model, text));
}
