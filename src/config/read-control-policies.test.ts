import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "./read-config.ts";
import { readControlPolicies } from "./read-control-policies.ts";

const GOOD = "use_cases:\n  - { id: ops, monthly_cap_usd: 9 }\n";

describe("the policies of a configuration", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-policies-"));
    mkdirSync(join(folder, "other"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function read(files: Record<string, string>, policies: string) {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const path = join(folder, "ballast.yaml");
    writeFileSync(path, `controls:\n  policies: ${policies}\n`);
    return readControlPolicies(readConfig({ path, environment: () => undefined }));
  }

  it("are found from the folder of the configuration, and remembered by their names", () => {
    const [policy] = read({ "other/slo.yaml": GOOD }, "[other/slo.yaml]");
    expect(policy).toMatchObject({ policy: "slo.yaml", subject: { kind: "use_case", name: "ops" }, capNano: 9_000_000_000n });
  });

  it("are none where none is named, and the controls are on", () => {
    const path = join(folder, "empty.yaml");
    writeFileSync(path, "");
    expect(readConfig({ path, environment: () => undefined }).controls).toMatchObject({ enabled: true, policies: [] });
  });

  it("may not have the same name in two folders", () => {
    expect(() => read({ "slo.yaml": GOOD, "other/slo.yaml": GOOD }, "[slo.yaml, other/slo.yaml]")).toThrow(
      /ballast\.yaml:2:\d+: controls\.policies\[1\]: slo\.yaml has the same name/,
    );
  });

  it("are told with all that is wrong in any of them, each by file and line", () => {
    const wrong = "use_cases:\n  - { id: ops, monthly_cap_usd: 9, thresholds: [{ pct: 0.5, actions: [fly] }] }\n";
    try {
      read({ "a.yaml": wrong, "b.yaml": "use_cases:\n  - { id: ops }\n" }, "[a.yaml, b.yaml, gone.yaml]");
      expect.unreachable();
    } catch (error) {
      const { code, details } = error as { code: string; details: { problems: { file: string; line: number }[] } };
      expect(code).toBe("policy_invalid");
      expect(details.problems.map(({ file, line }) => [file.slice(folder.length + 1), line])).toEqual([
        ["a.yaml", 2],
        ["b.yaml", 2],
        ["gone.yaml", 0],
      ]);
    }
  });
});
