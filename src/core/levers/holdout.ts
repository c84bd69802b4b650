/** The most of a holdout: what is left alone is not saved, and 5 % measures well enough. */
export const MOST_HOLDOUT_SHARE = 0.05;

/**
 * Whether a call is one of those that levers and caches leave alone, so that savings are measured against calls like any other. Chance
 * is taken from the call's own id: asked anywhere and at any time, the answer is the same.
 * @param traceId later attempts of a call, which have a suffix of their own, are held out with it
 * @param share 0 to 1
 */
export function isHeldOut(traceId: string, share: number): boolean {
  if (share <= 0) return false;
  return mixedBits(traceId.split(".", 1)[0]!) < share * 2 ** 32;
}

/** FNV-1a, and Murmur's last steps over it: ids that differ in their counter only end up anywhere. 0 to 2^32 - 1. */
function mixedBits(text: string): number {
  let bits = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
