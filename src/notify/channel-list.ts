import { LAST_RESORT_CHANNEL } from "../core/alerts/alert-routing.ts";
import type { AlertLog, Channel, ChannelSettings } from "./channel.ts";
import { alertmanagerChannel } from "./channels/alertmanager-channel.ts";
import { emailChannel } from "./channels/email-channel.ts";
import { logChannel } from "./channels/log-channel.ts";
import { slackChannel } from "./channels/slack-channel.ts";
import { webhookChannel } from "./channels/webhook-channel.ts";

/** Every kind of channel there is. */
export function openChannel(settings: ChannelSettings, log: AlertLog): Channel {
  switch (settings.kind) {
    case "webhook":
      return webhookChannel(settings);
    case "slack":
      return slackChannel(settings);
    case "email":
      return emailChannel(settings);
    case "alertmanager":
      return alertmanagerChannel(settings);
    case "log":
      return logChannel(settings, log);
    default:
      return settings satisfies never;
  }
}

/** The channels that are configured, and the server's log, which always is one. */
export function openChannels(settings: readonly ChannelSettings[], log: AlertLog): Channel[] {
  const hasLog = settings.some(({ name }) => name === LAST_RESORT_CHANNEL);
  const last = { kind: "log", name: LAST_RESORT_CHANNEL, quietHours: undefined, timeoutMs: 1000 } as const;
  return [...settings, ...(hasLog ? [] : [last])].map((one) => openChannel(one, log));
}
