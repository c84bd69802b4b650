import { setImmediate } from "node:timers/promises";
import { Problem } from "../../contract/problem.ts";
import { scenarioView } from "../../contract/scenario-view.ts";
import { scenariosAnswer, scenariosBody } from "../../contract/scenarios-contract.ts";
import { readScenarios } from "../../core/scenario/read-scenarios.ts";
import { runScenarios } from "../../core/scenario/run-scenarios.ts";
import type { WorkSteps } from "../../core/scenario/work-steps.ts";
import { seededDraws } from "../../std/seeded-draws.ts";
import { ok, type Route, route } from "../api-route.ts";

/** What a plan would cost. Reads the price book and nothing else, and keeps nothing. */
export const scenariosRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/scenarios",
    summary: "What volumes, mixes, cache hits and growth would cost, what weighs most, and which monthly caps follow.",
    role: "viewer",
    body: scenariosBody,
    answers: { 200: { description: "One result per scenario", schema: scenariosAnswer } },
    handle: async ({ body }, deps) => {
      const at = deps.now();
      const reading = readScenarios(body, (provider, model, promptTokens) => deps.prices.tokenPrices(provider, model, promptTokens, at));
      if (reading.outcome === "read") return ok(scenarioView(await inTurns(runScenarios(reading.plan, seededDraws))));
      const problems = reading.findings.map(({ path, message }) => ({ field: pointerOf(path), message }));
      const [first] = problems;
      const rest = problems.length > 1 ? ` and ${problems.length - 1} more` : "";
      throw new Problem("scenario_invalid", { field: first?.field, problems }, { message: `${first?.field}: ${first?.message}${rest}.` });
    },
  }),
];

/** Calls are relayed between any two steps. */
async function inTurns<Result>(steps: WorkSteps<Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}

/** RFC 6901. */
function pointerOf(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("") || "/";
}
