/**
 * How many standard errors from the estimate 95 % of Student's distribution lie within, on either side.
 * Expansion about the normal quantile: Abramowitz and Stegun 26.7.5; off by less than 0.001 from 6 degrees of freedom on.
 */
export function studentQuantile95(degrees: number): number {
  const z = 1.959963984540054;
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  const g1 = (z3 + z) / 4;
  const g2 = (5 * z5 + 16 * z3 + 3 * z) / 96;
  const g3 = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384;
  return z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3;
}
