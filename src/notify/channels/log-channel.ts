import type { AlertLog, Channel, LogSettings } from "../channel.ts";

/** The server's own log: always there, and where an alert goes that no route takes. */
export function logChannel({ kind, name, quietHours, timeoutMs }: LogSettings, log: AlertLog): Channel {
  return {
    kind,
    name,
    quietHours,
    timeoutMs,
    followsEach: false,
    async send({ alert, phase, words, event }) {
      const level = phase === "resolved" || alert.severity === "info" ? "info" : alert.severity === "critical" ? "error" : "warn";
      log[level]({ alert: event }, `alert: ${words.title}`);
      return { outcome: "sent" };
    },
    close() {},
  };
}
