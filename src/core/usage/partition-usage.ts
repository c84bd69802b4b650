import type { TokenCounts, Usage } from "./usage.ts";

/** Every token of a call once, under the one kind it is billed as. The first eleven add up to `inputTokens`, the others to `outputTokens`. */
export interface UsagePartition {
  /** Text, and whatever else no provider tells apart. */
  readonly input: number;
  readonly inputAudio: number;
  readonly inputImage: number;
  readonly inputVideo: number;
  readonly cacheRead: number;
  readonly cacheAudioRead: number;
  readonly cacheImageRead: number;
  readonly cacheVideoRead: number;
  readonly cacheWrite: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly output: number;
  readonly outputAudio: number;
  readonly outputImage: number;
  readonly outputVideo: number;
  readonly reasoning: number;
  readonly citation: number;
}

/**
 * Makes inclusive counts disjoint.
 * Providers report cached and audio (or image, or video) tokens without saying how many were both. As few as the total allows are taken
 * to have been both: cached is the cheaper, and we never charge less than we owe. Tokens both written to a cache and read from it are
 * plain input.
 * @returns undefined when a part is larger than its whole, or a count is no whole number from 0 up
 */
export function partitionUsage(usage: Usage): UsagePartition | undefined {
  if (!isConsistent(usage)) return undefined;
  const { inputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usage;
  // Gemini, as OpenRouter reports it, writes tokens into a cache and reads them in the same call, for less than their plain price in all.
  const writtenAndRead = Math.max(0, cacheReadTokens + cacheWriteTokens - inputTokens);
  const cacheWrite = cacheWriteTokens - cacheWrite5mTokens - cacheWrite1hTokens - writtenAndRead;
  let { cacheAudioReadTokens: cacheAudioRead, cacheImageReadTokens: cacheImageRead, cacheVideoReadTokens: cacheVideoRead } = usage;
  let cacheRead = cacheReadTokens - cacheAudioRead - cacheImageRead - cacheVideoRead - writtenAndRead;
  if (cacheWrite < 0 || cacheRead < 0) return undefined;
  let inputAudio = usage.inputAudioTokens - cacheAudioRead;
  let inputImage = usage.inputImageTokens - cacheImageRead;
  let inputVideo = usage.inputVideoTokens - cacheVideoRead;
  let input = inputTokens - cacheReadTokens - cacheWriteTokens + 2 * writtenAndRead - inputAudio - inputImage - inputVideo;
  if (input < 0) {
    const cachedAudio = Math.min(-input, cacheRead, inputAudio);
    cacheAudioRead += cachedAudio;
    cacheRead -= cachedAudio;
    inputAudio -= cachedAudio;
    input += cachedAudio;
    const cachedImage = Math.min(-input, cacheRead, inputImage);
    cacheImageRead += cachedImage;
    cacheRead -= cachedImage;
    inputImage -= cachedImage;
    input += cachedImage;
    const cachedVideo = Math.min(-input, cacheRead, inputVideo);
    cacheVideoRead += cachedVideo;
    cacheRead -= cachedVideo;
    inputVideo -= cachedVideo;
    input += cachedVideo;
    // What is left was written: writing has no price by kind.
    const writtenImage = Math.min(-input, inputImage);
    inputImage -= writtenImage;
    input += writtenImage;
    const writtenVideo = Math.min(-input, inputVideo);
    inputVideo -= writtenVideo;
    input += writtenVideo;
    const writtenAudio = Math.min(-input, inputAudio);
    inputAudio -= writtenAudio;
    input += writtenAudio;
    if (input < 0) return undefined;
  }
  const {
    outputAudioTokens: outputAudio,
    outputImageTokens: outputImage,
    outputVideoTokens: outputVideo,
    citationTokens: citation,
  } = usage;
  const outputText = usage.outputTokens - outputAudio - outputImage - outputVideo - citation;
  if (outputText < 0) return undefined;
  const reasoning = Math.min(usage.reasoningTokens, outputText);
  return {
    input,
    inputAudio,
    inputImage,
    inputVideo,
    cacheRead,
    cacheAudioRead,
    cacheImageRead,
    cacheVideoRead,
    cacheWrite,
    cacheWrite5m: cacheWrite5mTokens,
    cacheWrite1h: cacheWrite1hTokens,
    output: outputText - reasoning,
    outputAudio,
    outputImage,
    outputVideo,
    reasoning,
    citation,
  };
}

/** Whether every count is a count, and no part is larger than its whole. */
export function isConsistent(usage: Usage): boolean {
  if (!hasWholeCounts(usage)) return false;
  for (const unit in usage.units) if (!isCount(usage.units[unit as keyof typeof usage.units])) return false;
  return (
    usage.cacheReadTokens <= usage.inputTokens &&
    usage.cacheWriteTokens <= usage.inputTokens &&
    usage.cacheWrite5mTokens + usage.cacheWrite1hTokens <= usage.cacheWriteTokens &&
    usage.cacheAudioReadTokens + usage.cacheImageReadTokens + usage.cacheVideoReadTokens <= usage.cacheReadTokens &&
    usage.cacheAudioReadTokens <= usage.inputAudioTokens &&
    usage.cacheImageReadTokens <= usage.inputImageTokens &&
    usage.cacheVideoReadTokens <= usage.inputVideoTokens &&
    usage.inputAudioTokens + usage.inputImageTokens + usage.inputVideoTokens <= usage.inputTokens &&
    usage.outputAudioTokens + usage.outputImageTokens + usage.outputVideoTokens + usage.citationTokens <= usage.outputTokens &&
    usage.reasoningTokens <= usage.outputTokens
  );
}

/** Written out, since every call comes here twice, and a walk over the members takes several times as long. A test holds it to all of them. */
function hasWholeCounts(usage: TokenCounts): boolean {
  return (
    isCount(usage.inputTokens) &&
    isCount(usage.outputTokens) &&
    isCount(usage.cacheReadTokens) &&
    isCount(usage.cacheWriteTokens) &&
    isCount(usage.cacheWrite5mTokens) &&
    isCount(usage.cacheWrite1hTokens) &&
    isCount(usage.inputAudioTokens) &&
    isCount(usage.cacheAudioReadTokens) &&
    isCount(usage.inputImageTokens) &&
    isCount(usage.cacheImageReadTokens) &&
    isCount(usage.inputVideoTokens) &&
    isCount(usage.cacheVideoReadTokens) &&
    isCount(usage.outputAudioTokens) &&
    isCount(usage.outputImageTokens) &&
    isCount(usage.outputVideoTokens) &&
    isCount(usage.reasoningTokens) &&
    isCount(usage.citationTokens) &&
    isCount(usage.webSearches)
  );
}

/** More of one thing in one answer than any provider gives: such a count is a mistake, and sums of such counts would end exact arithmetic. */
export const MOST_COUNT = 1_000_000_000_000;

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= MOST_COUNT;
}
