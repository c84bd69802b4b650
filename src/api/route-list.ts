import type { Route } from "./api-route.ts";
import { aiBudgetRoutes } from "./routes/ai-budget-routes.ts";
import { alertsRoutes } from "./routes/alerts-routes.ts";
import { backlogRoutes } from "./routes/backlog-routes.ts";
import { booksRoutes } from "./routes/books-routes.ts";
import { budgetOperationsRoutes } from "./routes/budget-operations-routes.ts";
import { budgetPreviewRoutes } from "./routes/budget-preview-routes.ts";
import { budgetsRoutes } from "./routes/budgets-routes.ts";
import { controlsRoutes } from "./routes/controls-routes.ts";
import { costsRoutes } from "./routes/costs-routes.ts";
import { eventsRoutes } from "./routes/events-routes.ts";
import { feedbackRoutes } from "./routes/feedback-routes.ts";
import { flagsRoutes } from "./routes/flags-routes.ts";
import { keysRoutes } from "./routes/keys-routes.ts";
import { openapiRoute, operationsRoutes } from "./routes/operations-routes.ts";
import { pricesRoutes } from "./routes/prices-routes.ts";
import { runsRoutes } from "./routes/runs-routes.ts";
import { scenariosRoutes } from "./routes/scenarios-routes.ts";
import { unitCostsRoutes } from "./routes/unit-costs-routes.ts";

/** Every endpoint of the API. What is not here does not exist; docs/reference/api.md lists the same. */
export const ROUTES: readonly Route[] = [
  ...aiBudgetRoutes,
  ...costsRoutes,
  ...unitCostsRoutes,
  ...runsRoutes,
  ...eventsRoutes,
  ...feedbackRoutes,
  ...flagsRoutes,
  ...budgetPreviewRoutes,
  ...budgetsRoutes,
  ...budgetOperationsRoutes,
  ...keysRoutes,
  ...booksRoutes,
  ...pricesRoutes,
  ...alertsRoutes,
  ...scenariosRoutes,
  ...backlogRoutes,
  ...controlsRoutes,
  ...operationsRoutes,
  openapiRoute(() => ROUTES),
];
