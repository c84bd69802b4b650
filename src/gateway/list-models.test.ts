import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GatewayKit, openGatewayKit } from "./gateway-test-kit.ts";

let kit: GatewayKit;
beforeAll(async () => {
  kit = await openGatewayKit();
});
afterAll(() => kit.close());

async function list(headers: Record<string, string>) {
  const answer = await fetch(`${kit.url}/v1/models`, { headers });
  return { status: answer.status, body: (await answer.json()) as { data: { id: string }[]; error: { code: string } } };
}

describe("GET /v1/models", () => {
  it("lists what the key may call, whichever way the key is sent", async () => {
    const all = await kit.key();
    for (const headers of [{ authorization: `Bearer ${all.secret}` }, { "x-api-key": all.secret }]) {
      const { status, body } = await list(headers);
      expect([status, body.data.map(({ id }) => id)]).toEqual([200, ["gpt-4o-mini"]]);
    }
    const some = await kit.key({ tenant: "acme" }, { models: ["claude-*"] });
    expect((await list({ authorization: `Bearer ${some.secret}` })).body.data).toEqual([]);
  });

  it("refuses those without a key, as a call would be refused", async () => {
    const revoked = await kit.key();
    await kit.keys.revoke(revoked.key.id, "test", "");
    const expired = await kit.key({ tenant: "acme" }, { expiresAt: Date.now() - 1 });
    for (const [headers, code] of [
      [{}, "key_missing"],
      [{ authorization: "Bearer sk-ballast-guess" }, "key_unknown"],
      [{ authorization: `Bearer ${revoked.secret}` }, "key_revoked"],
      [{ "x-api-key": expired.secret }, "key_expired"],
    ] as [Record<string, string>, string][]) {
      const { status, body } = await list(headers);
      expect([status, body.error.code]).toEqual([401, code]);
    }
  });
});
