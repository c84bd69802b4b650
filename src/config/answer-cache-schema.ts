import { Type } from "typebox";
import { closed, list, whole } from "./setting-shapes.ts";
import type { TextFormatName } from "./text-formats.ts";

/* The settings under answer_cache, as config-schema.ts has the others. */

const WEEK_S = 604_800;

export const answerCacheSetting = closed(
  {
    exact_ttl_s: whole(
      "How long the exact same request of the same caller gets the same answer again, at no cost. 0: not at all.",
      0,
      WEEK_S,
      0,
    ),
    semantic_ttl_s: whole(
      "How long a request whose last question only says the same in other words gets it too. 0: not at all.",
      0,
      WEEK_S,
      0,
    ),
    most_questions: whole("How many questions each process knows the answers of.", 0, 1_000_000, 10_000),
    use_cases: list(
      Type.String({ format: "scope-value" satisfies TextFormatName }),
      "Only calls for these use cases are kept and answered so, whatever levers say. Empty: all.",
    ),
  },
  "Earlier answers that are given again. The lever cache_aggressiveness lengthens these times.",
  { default: {} },
);
