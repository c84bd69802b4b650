import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { LeverKind } from "../core/levers/lever.ts";
import { LEVER_NAMES, LEVERS } from "../core/levers/lever-list.ts";
import { SIGNALS, type SignalKind } from "../core/levers/signal-list.ts";
import { ACTION_WORDS, ACTIONS } from "../core/policy/action-list.ts";
import { valueText } from "../core/policy/decision-text.ts";
import { GUARDRAILS, type GuardrailKind } from "../core/policy/guardrail-list.ts";
import { durationText } from "../core/time/duration.ts";
import { packageRoot } from "../std/package-root.ts";
import { policyRoot } from "./policy-schema.ts";
import { policyTestRoot } from "./policy-test-schema.ts";
import { parsePolicy } from "./read-policy-file.ts";
import { settingList, settingTable } from "./setting-list.ts";

const page = fileURLToPath(new URL("docs/reference/policy.md", packageRoot(import.meta.url)));

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const code = (text: string | number) => `\`${text}\``;

const TABLES: Readonly<Record<string, string>> = {
  actions: table(
    ["action", "what it asks for"],
    ACTIONS.map(({ forms, meaning }) => [forms.map(({ usage }) => code(usage)).join(" or "), meaning]),
  ),
  levers: table(
    ["lever", "unit", "off", "entry", "step", "guarded by", "what it is"],
    LEVER_NAMES.map((name) => {
      const { unit, off, entry, step, cheaper, guardedBy, meaning }: LeverKind = LEVERS[name];
      const shown = name === "feature_freeze" ? "feature_freeze/<flag>" : name;
      const stepText = unit === "switch" ? "" : `${cheaper} by ${step}`;
      return [
        code(shown),
        unit,
        off === 0 || unit === "percent" ? off : "none",
        valueText(name, entry),
        stepText,
        guardedBy.map(code).join(", ") || "nothing",
        meaning,
      ];
    }),
  ),
  signals: table(
    ["signal", "unit", "window", "needs samples", "what it is"],
    Object.entries<SignalKind>(SIGNALS).map(([name, { unit, windowMs, counted, meaning }]) => {
      return [code(name), unit, durationText(windowMs), counted ? "yes" : "no", meaning];
    }),
  ),
  guardrails: table(
    ["guardrail", "holds", "what it is"],
    Object.entries<GuardrailKind>(GUARDRAILS).map(([name, { holds, byDefault, meaning }]) => {
      return [code(name), `${holds.replace("_", " ")} ${byDefault}`, meaning];
    }),
  ),
  settings: settingTable(policyRoot),
  "test-settings": settingTable(policyTestRoot),
};

describe("docs/reference/policy.md", () => {
  // `npx vitest run src/config -u` writes the tables anew.
  it("lists exactly the actions, levers, signals, guardrails and settings there are", async () => {
    const text = readFileSync(page, "utf8");
    const written = Object.entries(TABLES).reduce((page, [name, rows]) => {
      const place = new RegExp(`(<!-- ${name}:[^\\n]*-->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
      expect([name, place.test(page)]).toEqual([name, true]);
      return page.replace(place, (_, head, tail) => `${head}\n${rows}\n\n${tail}`);
    }, text);
    await expect(written).toMatchFileSnapshot(page);
  });

  it("describes every setting in words that fit a cell", () => {
    for (const { path, description } of [...settingList(policyRoot), ...settingList(policyTestRoot)]) {
      expect([path, description]).toEqual([path, expect.stringMatching(/^[^|\n]{5,}\.$/)]);
    }
  });

  it("has an example that loads", () => {
    const example = /```yaml\n(# yaml-language-server[\s\S]*?)```/.exec(readFileSync(page, "utf8"))![1]!;
    expect(parsePolicy(example, "example.yaml").policies).toHaveLength(2);
  });
});

describe("docs/concepts/controls.md", () => {
  it("speaks of no action, lever or decision that does not exist", () => {
    const text = readFileSync(fileURLToPath(new URL("docs/concepts/controls.md", packageRoot(import.meta.url))), "utf8");
    const words = [...text.matchAll(/`([a-z]+_[a-z_]+)/g)].map((match) => match[1]!);
    const known = new Set<string>([
      ...ACTION_WORDS,
      ...LEVER_NAMES,
      ...Object.keys(SIGNALS),
      ...settingList(policyRoot).flatMap(({ path }) => path.replaceAll("[]", "").split(".")),
      ...["security_fix", "sev1_remediation", "held_off", "large_model", "spend_slo", "ops_copilot"],
    ]);
    expect(words.filter((word) => !known.has(word))).toEqual([]);
  });
});
