import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";

function logOf(record: object): string {
  let text = "";
  const destination = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  createLogger({ level: "info", destination }).info(record, "message");
  return text;
}

describe("createLogger", () => {
  it.each([
    [{ authorization: "S3CRET" }],
    [{ headers: { authorization: "S3CRET", "x-api-key": "S3CRET", cookie: "S3CRET" } }],
    [{ req: { headers: { authorization: "S3CRET", "X-Api-Key": "S3CRET", "proxy-authorization": "S3CRET" } } }],
    [{ provider: { api_key: "S3CRET", apiKey: "S3CRET" } }],
    [{ secret: "S3CRET", token: "S3CRET", adminToken: "S3CRET" }],
    [{ a: { b: { token: "S3CRET", password: "S3CRET" } } }],
  ])("takes secrets out of %j", (record) => {
    const line = logOf(record);
    expect(line).not.toContain("S3CRET");
    expect(line).toContain("[redacted]");
  });

  it("writes one JSON object a line, with level and time in words", () => {
    const line = JSON.parse(logOf({ trace_id: "t1" }));
    expect(line).toMatchObject({ level: "info", trace_id: "t1", msg: "message" });
    expect(line.time).toMatch(/^\d{4}-.*Z$/);
  });
});
