/** A question as weighted words and letter triples, of length 1: the usual way to compare texts without a model. */
export type LexicalVector = ReadonlyMap<string, number>;

/** Learns from all texts how much a word or triple tells: what is in many tells little. */
export function lexicalVectors(texts: readonly string[]): (text: string) => LexicalVector {
  const seen = new Map<string, number>();
  for (const text of texts) for (const part of new Set(partsOf(text))) seen.set(part, (seen.get(part) ?? 0) + 1);
  return (text) => {
    const vector = new Map<string, number>();
    for (const part of partsOf(text))
      vector.set(part, (vector.get(part) ?? 0) + Math.log((texts.length + 1) / ((seen.get(part) ?? 0) + 1)));
    const length = Math.sqrt([...vector.values()].reduce((sum, weight) => sum + weight * weight, 0)) || 1;
    return new Map([...vector].map(([part, weight]) => [part, weight / length]));
  };
}

export function cosine(one: LexicalVector, other: LexicalVector): number {
  const [fewer, more] = one.size < other.size ? [one, other] : [other, one];
  let sum = 0;
  for (const [part, weight] of fewer) sum += weight * (more.get(part) ?? 0);
  return sum;
}

function partsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const triples = words.flatMap((word) => {
    const marked = `<${word}>`;
    return Array.from({ length: marked.length - 2 }, (_, at) => `3 ${marked.slice(at, at + 3)}`);
  });
  return [...words, ...triples];
}
