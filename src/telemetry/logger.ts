import { type DestinationStream, type Logger, pino } from "pino";

/** Field names that hold secrets, wherever they turn up: at the top, one level down, or among headers. */
const SECRETS = [
  "authorization",
  "Authorization",
  '["x-api-key"]',
  '["X-Api-Key"]',
  '["proxy-authorization"]',
  "cookie",
  "api_key",
  "apiKey",
  "secret",
  "token",
  "adminToken",
  "admin_token",
  "password",
];

const REDACTED_PATHS = SECRETS.flatMap((name) => {
  const under = name.startsWith("[") ? name : `.${name}`;
  return [name, `*${under}`, `headers${under}`, `*.headers${under}`, `*.*${under}`];
});

/**
 * Structured logs, one JSON object a line. Secrets are taken out by name; prompts and answers are never logged at all.
 * @param destination standard output unless said otherwise
 */
export function createLogger(options: { level: string; destination?: DestinationStream }): Logger {
  const shape = {
    level: options.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: [...new Set(REDACTED_PATHS)], censor: "[redacted]" },
  };
  return options.destination ? pino(shape, options.destination) : pino(shape);
}
