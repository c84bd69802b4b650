import type { AlertAnswer } from "../../contract/alerts-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, SERVER_OPTIONS } from "../command.ts";
import { printable } from "../print-table.ts";
import { wholeNumber } from "../read-number.ts";

const LOOK_EVERY_MS = 250;

export const alertTestCommand: Command = {
  name: "alert test",
  summary: "Sends a test alert to one channel and waits until it has arrived; a failure is exit code 1.",
  usage: "",
  options: [
    { name: "channel", type: "string", value: "name", required: true, description: "The channel, as notify.channels names it" },
    { name: "wait", type: "string", value: "seconds", description: "How long to wait, 1 to 300", default: "20" },
    ...SERVER_OPTIONS,
  ],
  async run(context) {
    const client = clientFor(context);
    const channel = context.text("channel") ?? "";
    const seconds = wholeNumber(context, "wait", 1, 300) ?? 20;
    let answer = await client.post<AlertAnswer>("/api/v1/alerts/test", { channel });
    const until = Date.now() + seconds * 1000;
    while (deliveryOf(answer)?.state === "waiting" && deliveryOf(answer)?.error === null && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      answer = await client.get<AlertAnswer>(`/api/v1/alerts/${answer.alert.id}`);
    }
    const delivery = deliveryOf(answer);
    const arrived = delivery?.state === "sent";
    const said = arrived ? `The channel ${channel} took it.` : failureText(channel, delivery?.error ?? null, seconds);
    context.out(context.json ? JSON.stringify(answer) : printable(said));
    return arrived ? 0 : 1;
  },
};

function deliveryOf({ alert }: AlertAnswer): AlertAnswer["alert"]["deliveries"][number] | undefined {
  return alert.deliveries[0];
}

function failureText(channel: string, error: string | null, seconds: number): string {
  if (error === null) return `The channel ${channel} has not taken it within ${seconds} s; it is still being tried.`;
  return `The channel ${channel} did not take it: ${error}. Check its settings; the server tries again by itself.`;
}
