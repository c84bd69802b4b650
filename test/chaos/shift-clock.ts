import { isMainThread } from "node:worker_threads";

/*
 * Loaded before the server in a process of a chaos run: SIGUSR2 moves its clock an hour ahead, and the next one back, as a bad time
 * server would. Only the machine's clock jumps; the monotonic one does not.
 */
const HOUR_MS = 3_600_000;
let offsetMs = 0;

if (isMainThread) {
  const machineNow = Date.now.bind(Date);
  Date.now = () => machineNow() + offsetMs;
  process.on("SIGUSR2", () => {
    offsetMs = offsetMs === 0 ? HOUR_MS : 0;
  });
}
