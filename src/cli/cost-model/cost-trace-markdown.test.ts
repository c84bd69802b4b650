import { expect, it } from "vitest";
import { traceView } from "../../contract/costs-contract.ts";
import { TRACE_FIELDS } from "../../contract/trace-fields.ts";
import { costTraceMarkdown } from "./cost-trace-markdown.ts";

it("describes every field of the schema in a line of its own, and no field that there is not", () => {
  const names = Object.keys(traceView.properties);
  const described = [...costTraceMarkdown().matchAll(/^\| `(\w+)` \| [^|]+ \| [^|]* \| [^|]{10,} \|$/gm)].map((match) => match[1]!);
  expect([...described].sort()).toEqual([...names].sort());
  expect(Object.keys(TRACE_FIELDS).sort()).toEqual([...names].sort());
});

it("begins with the ten fields of the economics document, with their types", () => {
  const text = costTraceMarkdown();
  const first = [...text.matchAll(/^\| `(\w+)`/gm)].slice(0, 10).map((match) => match[1]);
  const asked = "use_case_id, ts, model_id, prompt_tokens, gen_tokens, depth_k, rerank_n, cache_hit, latency_ms, unit_cost_usd";
  expect(first.join(", ")).toBe(asked);
  expect(text).toContain("| `unit_cost_usd` | decimal text or null | USD |");
  expect(text).toContain("| `cache_hit` | boolean |");
  expect(text).toContain("| `priority` | `p0`, `p1`, `p2` |");
});
