import { readConfig } from "../../config/read-config.ts";
import { CONFIG_OPTION, type Command } from "../command.ts";
import { wholeNumber } from "../read-number.ts";
import { configPath } from "../server-address.ts";

export const serveCommand: Command = {
  name: "serve",
  summary: "Starts the server: gateway, API and page.",
  usage: "",
  options: [
    CONFIG_OPTION,
    { name: "host", type: "string", value: "address", description: "Address to listen on, in place of listen.host" },
    {
      name: "port",
      type: "string",
      short: "p",
      value: "port",
      description: "Port to listen on, in place of listen.port; 0 takes a free one",
    },
    {
      name: "workers",
      type: "string",
      value: "number",
      description: "Gateway processes on the one address, in place of gateway.workers, to use the cores of the machine",
    },
    { name: "data-dir", type: "string", value: "folder", description: "Folder of ledger and warehouse, in place of data_dir" },
  ],
  async run(context) {
    const host = context.text("host");
    const port = wholeNumber(context, "port", 0, 65_535);
    const workers = wholeNumber(context, "workers", 1, 64);
    const dataDir = context.text("data-dir");
    const overrides = {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(workers === undefined ? {} : { workers }),
      ...(dataDir === undefined ? {} : { data_dir: dataDir }),
    };
    const config = readConfig({ ...configPath(context), overrides });
    const stopped = stopSignal();
    const { startBallast } = await import("../../serve.ts");
    // Standard output is the log's, one JSON object a line; with --json it is the answer's, and the log goes to standard error.
    const server = await startBallast(config, { logTo: context.json ? "stderr" : "stdout" });
    if (context.json) context.out(JSON.stringify({ url: server.url }));
    else context.err(`Ballast listens on ${server.url}`);
    await stopped;
    const open = server.openCalls();
    context.err(
      open === 0
        ? "Stopping: no call is under way."
        : `Stopping: finishing ${open === 1 ? "1 call" : `${open} calls`}, for at most 20 s ...`,
    );
    await server.close();
    const cut = server.openCalls();
    context.err(
      cut === 0 ? "Stopped; everything is written." : `Stopped; ${cut} not finished, so their holds are in doubt: see ballast hold list.`,
    );
    return 0;
  },
};

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once, as it does without a handler. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
      resolve();
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
  });
}
