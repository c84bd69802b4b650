import type { Command } from "../command.ts";
import { progressBar } from "../progress-bar.ts";
import { factor, wholeNumber } from "../read-number.ts";

export const demoCommand: Command = {
  name: "demo",
  summary: "Replays recorded calls against a simulated provider, so that everything can be seen without a key or a bill.",
  usage: "",
  options: [
    { name: "port", type: "string", short: "p", value: "port", description: "Port to listen on; 0 takes a free one" },
    { name: "calls", type: "string", value: "count", description: "How many calls to replay" },
    { name: "speed", type: "string", value: "factor", description: "How many times faster than recorded" },
    { name: "exit", type: "boolean", description: "End when the calls are done, instead of serving on" },
  ],
  async run(context) {
    const port = wholeNumber(context, "port", 0, 65_535);
    const calls = wholeNumber(context, "calls", 1, 10_000_000);
    const speed = factor(context, "speed");
    const { runDemo } = await import("../../demo.ts");
    return runDemo({
      ...(port === undefined ? {} : { port }),
      ...(calls === undefined ? {} : { calls }),
      ...(speed === undefined ? {} : { speed }),
      exit: context.flag("exit"),
      json: context.json,
      print: context.out,
      progress: progressBar,
    });
  },
};
