#!/usr/bin/env node
// The program. It imports nothing before it knows that this Node can run the rest; doctor checks the same version.
export {};

const LEAST_NODE = 24;

if (Number(process.versions.node.split(".")[0]) < LEAST_NODE) {
  process.stderr.write(
    `ballast: Node ${LEAST_NODE} or newer is needed, and this is ${process.versions.node}.\nInstall it from https://nodejs.org and try again.\n`,
  );
  process.exitCode = 2;
} else {
  // The reader went away, as in `ballast report usage | head`: there is nobody left to tell.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  if (process.argv[2] === "serve") (await import("./restart-with-young-space.ts")).restartWithYoungSpace();
  const { runCli } = await import("./run-cli.ts");
  process.exitCode = await runCli(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
  });
}
