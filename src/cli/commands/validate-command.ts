import { configJsonSchema } from "../../config/config-json-schema.ts";
import { findConfigFile, readConfig } from "../../config/read-config.ts";
import { Problem } from "../../contract/problem.ts";
import type { Command } from "../command.ts";
import { settingLine, settingProblems } from "../failure-report.ts";
import { printable } from "../print-table.ts";

export const validateCommand: Command = {
  name: "validate",
  summary: "Checks a configuration file without starting anything, and tells every problem in it.",
  usage: "[file]",
  options: [{ name: "schema", type: "boolean", description: "Print the JSON Schema of the configuration instead, for editors" }],
  async run({ words, json, out, flag }) {
    if (flag("schema")) {
      out(JSON.stringify(configJsonSchema(), null, 2));
      return 0;
    }
    const [path] = words;
    try {
      readConfig(path === undefined ? {} : { path });
    } catch (error) {
      // A wrong file is what this command is there to find.
      if (!(error instanceof Problem) || error.code !== "config_invalid") throw error;
      const problems = settingProblems(error.details);
      if (json) out(JSON.stringify({ valid: false, problems }));
      else if (problems.length === 0) out(printable(error.message));
      else for (const problem of problems) out(printable(settingLine(problem)));
      return 1;
    }
    const file = findConfigFile(path === undefined ? {} : { path });
    if (json) out(JSON.stringify({ valid: true, file: file ?? null, problems: [] }));
    else out(printable(file === undefined ? "There is no ballast.yaml here, so the defaults hold." : `${file} is valid.`));
    return 0;
  },
};
