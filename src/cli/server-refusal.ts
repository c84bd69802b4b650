/** What the server answered instead of what was asked: its problem, in its own words, since it may be newer than this program. */
export class ServerRefusal extends Error {
  override readonly name = "ServerRefusal";
  readonly status: number;
  readonly code: string;
  readonly remedy: string;
  /** The whole answer, for `--json`. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(typeof body.detail === "string" ? body.detail : `The server answered ${status}.`);
    this.status = status;
    this.code = typeof body.code === "string" ? body.code : "";
    this.remedy = typeof body.remedy === "string" ? body.remedy : "";
    this.body = body;
  }
}
