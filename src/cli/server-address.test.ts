import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { listenUrl, serverAddress } from "./server-address.ts";
import { UsageError } from "./usage-error.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-address-"));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data", "admin-token"), "stored-token\n");
  writeFileSync(join(folder, "ballast.yaml"), `data_dir: ${join(folder, "data")}\nlisten:\n  port: 4321\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  for (const name of ["BALLAST_URL", "BALLAST_ADMIN_TOKEN", "BALLAST_CONFIG"]) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function address(options: Readonly<Record<string, string>> = {}) {
  const all: Readonly<Record<string, string>> = { config: join(folder, "ballast.yaml"), ...options };
  return serverAddress({ text: (name) => all[name] });
}

describe("the server's address", () => {
  it("is that of the configuration, with the token that the server stored", () => {
    expect(address()).toEqual({ url: "http://127.0.0.1:4321", token: "stored-token" });
  });

  it("is that of the environment before the configuration, and of the options before both", () => {
    vi.stubEnv("BALLAST_URL", "http://localhost:1000/");
    vi.stubEnv("BALLAST_ADMIN_TOKEN", "environment-token");
    expect(address()).toEqual({ url: "http://localhost:1000", token: "environment-token" });
    expect(address({ url: "http://localhost:2000/b/", token: "t" })).toEqual({ url: "http://localhost:2000/b", token: "t" });
  });

  it("never gets a token of this machine when it is another machine's", () => {
    expect(address({ url: "http://127.0.0.1:9" }).token).toBe("stored-token");
    for (const url of ["https://ballast.example.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1"]) {
      expect(address({ url }).token).toBeUndefined();
    }
  });

  it("can be reached when the server listens on every address", () => {
    expect(listenUrl({ host: "0.0.0.0", port: 1 })).toBe("http://127.0.0.1:1");
    expect(listenUrl({ host: "::", port: 1 })).toBe("http://[::1]:1");
    expect(listenUrl({ host: "db.internal", port: 1 })).toBe("http://db.internal:1");
  });

  it("must be an address", () => {
    expect(() => address({ url: "localhost:3010" })).toThrow(UsageError);
    expect(() => address({ url: "nonsense", token: "t" })).toThrow(UsageError);
  });
});
