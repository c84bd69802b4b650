import { answerCacheLever } from "./levers/answer-cache-lever.ts";
import { batchLever } from "./levers/batch-lever.ts";
import { localModelLever } from "./levers/local-model-lever.ts";
import { promptCompressionLever } from "./levers/prompt-compression-lever.ts";
import { providerCacheLever } from "./levers/provider-cache-lever.ts";
import { responseCapLever } from "./levers/response-cap-lever.ts";
import { retrievalDepthLever } from "./levers/retrieval-depth-lever.ts";
import { smallModelLever } from "./levers/small-model-lever.ts";
import { unusedAnswersLever } from "./levers/unused-answers-lever.ts";
import type { SavingLever } from "./saving-lever.ts";

/** Every lever of the backlog: those of the economics document's table in its order, then our own. */
export const SAVING_LEVERS: readonly SavingLever[] = [
  promptCompressionLever,
  responseCapLever,
  smallModelLever,
  answerCacheLever,
  retrievalDepthLever,
  batchLever,
  localModelLever,
  providerCacheLever,
  unusedAnswersLever,
];

export const LEVER_NAMES: readonly string[] = SAVING_LEVERS.map(({ name }) => name);

export function leverCalled(name: string): SavingLever | undefined {
  return SAVING_LEVERS.find((lever) => lever.name === name);
}
