import type { AlertEvent } from "../contract/alert-event-contract.ts";
import type { AlertPhase, AlertRecord } from "../core/alerts/alert.ts";
import type { AlertWords } from "../core/alerts/alert-words.ts";
import type { QuietHours } from "../core/alerts/quiet-hours.ts";
import type { Instant } from "../core/time/window.ts";

/** One thing to say on a channel, in all the shapes that channels need. */
export interface AlertMessage {
  readonly alert: AlertRecord;
  readonly phase: AlertPhase;
  readonly words: AlertWords;
  readonly event: AlertEvent;
}

export type SendOutcome =
  | { readonly outcome: "sent" }
  | {
      readonly outcome: "failed";
      /** Goes into logs and rows: a code or a status, never an address, a header or what the other side wrote. */
      readonly error: string;
      /** Trying again cannot help. */
      readonly forGood: boolean;
      /** What the receiver asked for. */
      readonly retryAfterMs?: number | undefined;
    };

/** A way to reach people or a system, open for use. */
export interface Channel {
  readonly name: string;
  readonly kind: ChannelSettings["kind"];
  readonly quietHours: QuietHours | undefined;
  /** Hears of the end of every alert, and of open ones again and again: it keeps a list of its own and may forget it. */
  readonly followsEach: boolean;
  /** Never throws for what the other side does. @param signal ends the attempt: its time is over, or the server stops */
  send(message: AlertMessage, signal: AbortSignal, now: Instant): Promise<SendOutcome>;
  close(): void;
  readonly timeoutMs: number;
}

interface AnyChannel {
  readonly name: string;
  readonly quietHours: QuietHours | undefined;
  readonly timeoutMs: number;
}
type Headers = Readonly<Record<string, string>>;

export type WebhookSettings = AnyChannel & {
  readonly kind: "webhook";
  readonly url: string;
  readonly signingKey: string;
  readonly headers: Headers;
};
export type SlackSettings = AnyChannel & { readonly kind: "slack"; readonly url: string };
export type AlertmanagerSettings = AnyChannel & { readonly kind: "alertmanager"; readonly url: string; readonly headers: Headers };
export type EmailSettings = AnyChannel & {
  readonly kind: "email";
  readonly host: string;
  readonly port: number;
  readonly tls: "starttls" | "implicit" | "none";
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly from: string;
  readonly to: readonly string[];
};
export type LogSettings = AnyChannel & { readonly kind: "log" };
export type ChannelSettings = WebhookSettings | SlackSettings | AlertmanagerSettings | EmailSettings | LogSettings;

export interface AlertLog {
  info(facts: object, words: string): void;
  warn(facts: object, words: string): void;
  error(facts: object, words: string): void;
}
