import { readFileSync } from "node:fs";
import { hostname, uptime } from "node:os";

/** Names this run of the machine: another value after a reboot. Where the system has no such name, host and boot time to the minute. */
export function bootId(now: () => number): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return `${hostname()}-${Math.round((now() / 1000 - uptime()) / 60)}`;
  }
}
