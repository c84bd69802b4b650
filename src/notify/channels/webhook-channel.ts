import { createHmac } from "node:crypto";
import type { Channel, WebhookSettings } from "../channel.ts";
import { postJson } from "../post-json.ts";

/**
 * CloudEvents in structured JSON, signed so that the receiver knows who sent them and that nobody replays them.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookChannel(settings: WebhookSettings): Channel {
  const key = Buffer.from(settings.signingKey.slice("whsec_".length), "base64");
  return {
    ...placeOf(settings),
    followsEach: false,
    async send({ event }, signal, now) {
      const body = JSON.stringify(event);
      const seconds = String(Math.floor(now / 1000));
      const headers = {
        ...settings.headers,
        "content-type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": event.id,
        "webhook-timestamp": seconds,
        "webhook-signature": `v1,${createHmac("sha256", key).update(`${event.id}.${seconds}.${body}`).digest("base64")}`,
      };
      return postJson(settings.url, body, headers, signal);
    },
    close() {},
  };
}

function placeOf({ kind, name, quietHours, timeoutMs }: WebhookSettings) {
  return { kind, name, quietHours, timeoutMs };
}
