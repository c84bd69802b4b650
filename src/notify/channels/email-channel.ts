import { createTransport } from "nodemailer";
import type { AlertMessage, Channel, EmailSettings, SendOutcome } from "../channel.ts";
import { reasonOf } from "../post-json.ts";

/** Mail by SMTP, plain text. The Message-ID is made from the event's id, so mail programs show a redelivery as the same message. */
export function emailChannel(settings: EmailSettings): Channel {
  const { kind, name, quietHours, timeoutMs, host, port, tls, login } = settings;
  const transport = createTransport({
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    ...(login ? { auth: { user: login.user, pass: login.password } } : {}),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    kind,
    name,
    quietHours,
    timeoutMs,
    followsEach: false,
    async send(message, signal) {
      try {
        await transport.sendMail({ ...mailOf(message, settings), signal });
        return { outcome: "sent" };
      } catch (error) {
        return failureOf(error);
      }
    },
    close: () => transport.close(),
  };
}

function mailOf({ alert, words, event, phase }: AlertMessage, { from, to }: EmailSettings) {
  const { data } = event;
  const lines = [
    words.happened,
    "",
    ...(phase === "resolved" ? [] : [`First: ${words.doFirst}`]),
    `Runbook: ${data.runbook}`,
    ...(phase === "resolved" || alert.ackedAt !== null ? [] : [`Acknowledge: ballast alert ack ${alert.id}`]),
    "",
    `Severity: ${alert.severity}. Raised: ${data.raised_at}. Event: ${event.id} from ${event.source}.`,
  ];
  return {
    from,
    to: [...to],
    subject: `[${phase === "resolved" ? "over" : alert.severity}] ${words.title}`,
    messageId: `<${event.id}@ballast>`,
    headers: { "x-ballast-event-id": event.id, "auto-submitted": "auto-generated" },
    text: `${lines.join("\n")}\n`,
  };
}

/** A refusal of all recipients or of the message (5xx) stands; anything else may pass. */
function failureOf(error: unknown): SendOutcome {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const status = typeof responseCode === "number" ? ` ${responseCode}` : "";
  const isRefusal = (code === "EENVELOPE" || code === "EMESSAGE") && typeof responseCode === "number" && responseCode >= 500;
  return { outcome: "failed", error: `${reasonOf(error)}${status}`, forGood: isRefusal };
}
