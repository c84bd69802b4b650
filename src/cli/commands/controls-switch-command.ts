import type { SwitchAnswer } from "../../contract/controls-contract.ts";
import { clientFor } from "../api-client.ts";
import { type Command, type CommandContext, SERVER_OPTIONS } from "../command.ts";

export const controlsStopCommand: Command = {
  name: "controls stop",
  summary: "Turns every lever off at once, in every process; they stay off until the controls are resumed.",
  usage: "",
  options: [{ name: "reason", type: "string", value: "text", required: true, description: "Why, for the audit log" }, ...SERVER_OPTIONS],
  run: (context) => turn(context, "stop", "Stopped: every lever is off.", "They were stopped already."),
};

export const controlsResumeCommand: Command = {
  name: "controls resume",
  summary: "Lets stopped controls go on; levers begin again at their first step.",
  usage: "",
  options: [{ name: "reason", type: "string", value: "text", description: "Why, for the audit log" }, ...SERVER_OPTIONS],
  run: (context) => turn(context, "resume", "The controls go on.", "They were not stopped."),
};

async function turn(context: CommandContext, way: "stop" | "resume", changed: string, unchanged: string): Promise<number> {
  const reason = context.text("reason");
  const answer = await clientFor(context).post<SwitchAnswer>(`/api/v1/controls/${way}`, reason === undefined ? {} : { reason });
  context.out(context.json ? JSON.stringify(answer) : answer.changed ? changed : unchanged);
  return 0;
}
