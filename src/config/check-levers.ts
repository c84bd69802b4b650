import type { Numbered } from "./check-config.ts";
import type { Conflict } from "./config-finding.ts";
import type { Config } from "./config-schema.ts";

/** What is wrong with a ladder by itself; whether its models are routed and priced is told at the start, by the price book. */
export function ladderConflicts(ladders: Numbered<Config["model_sizes"][number]>): Conflict[] {
  return ladders.flatMap(({ index, entry: { small, medium, large } }) => {
    const models = [small, medium, large].filter((model) => model !== undefined);
    if (new Set(models).size === models.length) return [];
    return [{ setting: `model_sizes[${index}]`, message: "names a model twice; each size is another model" }];
  });
}
