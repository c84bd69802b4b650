import type { FoundUsage } from "./extract-usage.ts";
import { MEDIA_KEYS } from "./openai-usage-keys.ts";
import { NO_USAGE, type UnitCounts } from "./usage.ts";
import { countOrNone, isObject, millisecondsIn, requireCount } from "./usage-fields.ts";
import { unknownCounts } from "./usage-keys.ts";

/** `/v1/audio/transcriptions`: tokens, or with whisper and its like the length of the recording. */
export function readTranscriptionUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const { usage } = body;
  if (!isObject(usage) || usage.type !== "duration") return readMediaUsage(body);
  const units: UnitCounts = { input_audio_ms: millisecondsIn(usage, "seconds") };
  return { usage: { ...NO_USAGE, units }, billedApart: [], unknownCounts: unknownCounts("usage", usage, MEDIA_KEYS) };
}

/** `/v1/images/...`: tokens; older models tell none and are billed by the image. */
export function readImagesUsage(body: Record<string, unknown>): FoundUsage | undefined {
  if (isObject(body.usage) || !Array.isArray(body.data)) return readMediaUsage(body);
  return { usage: { ...NO_USAGE, units: { output_images: body.data.length } }, billedApart: [] };
}

/** The usage of `response.done` of the realtime API, bare or within the event. */
export function readRealtimeUsage(body: Record<string, unknown>): FoundUsage | undefined {
  return readMediaUsage(isObject(body.response) ? body.response : body);
}

function readMediaUsage(body: Record<string, unknown>): FoundUsage | undefined {
  const { usage } = body;
  if (!isObject(usage)) return undefined;
  const input = usage.input_token_details ?? usage.input_tokens_details;
  const output = usage.output_token_details ?? usage.output_tokens_details;
  const cached = isObject(input) ? input.cached_tokens_details : undefined;
  return {
    usage: {
      ...NO_USAGE,
      inputTokens: requireCount(usage, "input_tokens"),
      outputTokens: countOrNone(usage, "output_tokens"),
      cacheReadTokens: countOrNone(input, "cached_tokens"),
      inputAudioTokens: countOrNone(input, "audio_tokens"),
      cacheAudioReadTokens: countOrNone(cached, "audio_tokens"),
      inputImageTokens: countOrNone(input, "image_tokens"),
      cacheImageReadTokens: countOrNone(cached, "image_tokens"),
      outputAudioTokens: countOrNone(output, "audio_tokens"),
      outputImageTokens: countOrNone(output, "image_tokens"),
      reasoningTokens: countOrNone(output, "reasoning_tokens"),
    },
    billedApart: [],
    unknownCounts: unknownCounts("usage", usage, MEDIA_KEYS),
  };
}
