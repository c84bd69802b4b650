/** One command of the program: everything that help, the reference page and the parser know of it is here. */
export interface Command {
  /** One word or two: "serve", "key create". */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** The words after the name, such as "<provider> <model>" or "[file]"; "" for none. "<file...>" takes several. Their number is checked against this. */
  readonly usage: string;
  /** Its own options; `--json` and `--help` are everybody's. */
  readonly options: readonly CommandOption[];
  /** @returns the exit code: 0 well, 1 a finding, 2 wrongly used */
  run(context: CommandContext): Promise<number>;
}

export interface CommandOption {
  readonly name: string;
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What stands for the value in help: "usd" prints as `--cost-usd <usd>`. */
  readonly value?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** Without it the command is refused. */
  readonly required?: boolean;
  readonly description: string;
  readonly default?: string;
}

/** Where a command writes: lines for the reader on stdout, lines about the work on stderr. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

export interface CommandContext extends Terminal {
  /** The words after the command's name. */
  readonly words: readonly string[];
  readonly json: boolean;
  /** The value of an option, or its default; undefined when it has neither. */
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** The values of an option that may be repeated; each may itself be a list with commas. */
  list(name: string): readonly string[];
}

export const GLOBAL_OPTIONS: readonly CommandOption[] = [
  { name: "json", type: "boolean", description: "Print one JSON value and nothing else on stdout" },
  { name: "help", type: "boolean", short: "h", description: "Say what the command does and takes" },
];

export const CONFIG_OPTION: CommandOption = {
  name: "config",
  type: "string",
  short: "c",
  value: "file",
  description: "Configuration file; ballast.yaml in this folder unless set",
};

/** What every command takes that changes budgets or keys. */
export const DRY_RUN_OPTION: CommandOption = {
  name: "dry-run",
  type: "boolean",
  description: "Say what would change, and change nothing",
};

/** What every command takes that asks a running server. */
export const SERVER_OPTIONS: readonly CommandOption[] = [
  { name: "url", type: "string", value: "url", description: "The server's address; BALLAST_URL or the configuration's listen unless set" },
  {
    name: "token",
    type: "string",
    value: "token",
    description: "Admin token; BALLAST_ADMIN_TOKEN or the file admin-token of the data folder unless set",
  },
  CONFIG_OPTION,
];
