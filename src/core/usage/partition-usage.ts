import type { Usage } from "./usage.ts";

/** Every token of a call once, under the one kind it is billed as. The first eight add up to `inputTokens`, the others to `outputTokens`. */
export interface UsagePartition {
  readonly input: number;
  readonly inputAudio: number;
  readonly inputImage: number;
  readonly cacheRead: number;
  readonly cacheAudioRead: number;
  readonly cacheWrite: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly output: number;
  readonly outputAudio: number;
  readonly outputImage: number;
  readonly reasoning: number;
  readonly citation: number;
}

/**
 * Makes inclusive counts disjoint.
 * Providers report cached and audio (or image) tokens without saying how many were both. As few as the total allows are taken to have
 * been both: cached is the cheaper, and we never charge less than we owe. Tokens both written to a cache and read from it are plain input.
 * @returns undefined when a part is larger than its whole, or a count is no whole number from 0 up
 */
export function partitionUsage(usage: Usage): UsagePartition | undefined {
  if (!isConsistent(usage)) return undefined;
  const { inputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usage;
  // Gemini, as OpenRouter reports it, writes tokens into a cache and reads them in the same call, for less than their plain price in all.
  const writtenAndRead = Math.max(0, cacheReadTokens + cacheWriteTokens - inputTokens);
  const cacheWrite = cacheWriteTokens - cacheWrite5mTokens - cacheWrite1hTokens - writtenAndRead;
  let cacheRead = cacheReadTokens - usage.cacheAudioReadTokens - writtenAndRead;
  if (cacheWrite < 0 || cacheRead < 0) return undefined;
  let inputAudio = usage.inputAudioTokens - usage.cacheAudioReadTokens;
  let inputImage = usage.inputImageTokens;
  let cacheAudioRead = usage.cacheAudioReadTokens;
  let input = inputTokens - cacheReadTokens - cacheWriteTokens + 2 * writtenAndRead - inputAudio - inputImage;
  if (input < 0) {
    const cachedAudio = Math.min(-input, cacheRead, inputAudio);
    cacheAudioRead += cachedAudio;
    cacheRead -= cachedAudio;
    inputAudio -= cachedAudio;
    input += cachedAudio;
    const cachedImage = Math.min(-input, inputImage);
    inputImage -= cachedImage;
    input += cachedImage;
    const writtenAudio = Math.min(-input, inputAudio);
    inputAudio -= writtenAudio;
    input += writtenAudio;
    if (input < 0) return undefined;
  }
  const { outputAudioTokens: outputAudio, outputImageTokens: outputImage, citationTokens: citation } = usage;
  const outputText = usage.outputTokens - outputAudio - outputImage - citation;
  if (outputText < 0) return undefined;
  const reasoning = Math.min(usage.reasoningTokens, outputText);
  return {
    input,
    inputAudio,
    inputImage,
    cacheRead,
    cacheAudioRead,
    cacheWrite,
    cacheWrite5m: cacheWrite5mTokens,
    cacheWrite1h: cacheWrite1hTokens,
    output: outputText - reasoning,
    outputAudio,
    outputImage,
    reasoning,
    citation,
  };
}

/** Whether every count is a count, and no part is larger than its whole. */
export function isConsistent(usage: Usage): boolean {
  for (const key in usage) if (!isCount(usage[key as keyof Usage])) return false;
  return (
    usage.cacheReadTokens <= usage.inputTokens &&
    usage.cacheWriteTokens <= usage.inputTokens &&
    usage.cacheWrite5mTokens + usage.cacheWrite1hTokens <= usage.cacheWriteTokens &&
    usage.cacheAudioReadTokens <= usage.cacheReadTokens &&
    usage.cacheAudioReadTokens <= usage.inputAudioTokens &&
    usage.inputAudioTokens + usage.inputImageTokens <= usage.inputTokens &&
    usage.outputAudioTokens + usage.outputImageTokens + usage.citationTokens <= usage.outputTokens &&
    usage.reasoningTokens <= usage.outputTokens
  );
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
