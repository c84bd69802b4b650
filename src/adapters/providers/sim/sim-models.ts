import type { SimDialect } from "./sim-endpoints.ts";
import { SimRefusal } from "./sim-refusal.ts";
import { asciiJson } from "./sim-text.ts";

/** 2025-01-01, in seconds: when every model of the sim was made. */
const CREATED_S = 1_735_689_600;

/**
 * GET /v1/models, or one of them, in the caller's dialect.
 * @param name undefined for the list
 * @throws SimRefusal 404
 */
export function modelsJson(models: readonly string[], name: string | undefined, dialect: SimDialect): string {
  const shape = dialect === "anthropic" ? anthropicModel : openAiModel;
  if (name !== undefined) {
    if (!models.includes(name)) throw unknownModel(name, dialect);
    return asciiJson(shape(name));
  }
  const data = models.map(shape);
  return asciiJson(
    dialect === "anthropic"
      ? { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null }
      : { object: "list", data },
  );
}

export function unknownModel(name: string, dialect: SimDialect): SimRefusal {
  return dialect === "anthropic"
    ? new SimRefusal(404, `model: ${name}`)
    : new SimRefusal(404, `The model \`${name}\` does not exist or you do not have access to it.`, { code: "model_not_found" });
}

function openAiModel(id: string): object {
  return { id, object: "model", created: CREATED_S, owned_by: "system" };
}

function anthropicModel(id: string): object {
  return { type: "model", id, display_name: id, created_at: new Date(CREATED_S * 1000).toISOString() };
}
