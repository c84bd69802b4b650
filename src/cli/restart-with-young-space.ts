/** MiB of each of the two halves of V8's young generation. */
const HALF_MIB = 64;

/**
 * Takes the process over again with more room for objects that live as long as a call: with the default a tenth of a gateway's time goes
 * into collecting them (docs/decisions/0007). V8 takes this at start only, so the same process, with the same id and streams, is filled
 * anew; where that cannot be done, or the operator has set the size, everything stays as it is.
 */
export function restartWithYoungSpace(): void {
  const set = process.execArgv.some((option) => option.includes("semi-space-size"));
  if (set || process.platform === "win32" || process.connected || typeof process.execve !== "function") return;
  const options = [`--min-semi-space-size=${HALF_MIB}`, `--max-semi-space-size=${HALF_MIB}`, ...process.execArgv];
  process.execve(process.execPath, [process.execPath, ...options, ...process.argv.slice(1)]);
}
