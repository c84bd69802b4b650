// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the settings' own placeholders look like that
import { expect, it } from "vitest";
import { Problem } from "../contract/problem.ts";
import type { ConfigFinding } from "./config-finding.ts";
import { parseConfig } from "./read-config.ts";

const KEY = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

function wrongIn(text: string, env: Record<string, string> = {}): string[] {
  try {
    parseConfig(text, "ballast.yaml", { environment: (name) => env[name] });
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return (error.details.problems as ConfigFinding[]).map(({ line, setting, message }) => `${line} ${setting}: ${message}`);
  }
}

it("takes channels of every kind, with secrets from the environment, and fills in defaults", () => {
  const text = [
    "notify:",
    "  channels:",
    "    - { name: hook, kind: webhook, url: https://example.com/hook, signing_key: '${KEY}' }",
    "    - { name: ops, kind: slack, url: '${SLACK}', quiet_hours: { from: '22:00', to: '07:00', zone: Europe/Berlin } }",
    "    - { name: mail, kind: email, smtp: { host: mail.example.com }, from: ballast@example.com, to: [oncall@example.com] }",
    "    - { name: am, kind: alertmanager, url: 'http://127.0.0.1:9093' }",
    "  routes:",
    "    - { severity: [critical], channels: [ops, log], escalation: [{ after_minutes: 30, channels: [mail] }] }",
  ].join("\n");
  const { notify } = parseConfig(text, "ballast.yaml", {
    environment: (name) => ({ KEY, SLACK: "https://hooks.example.com/services/T/B/x" })[name],
  });
  expect(notify.channels.map(({ kind, timeout_ms }) => `${kind} ${timeout_ms}`)).toEqual([
    "webhook 10000",
    "slack 10000",
    "email 10000",
    "alertmanager 10000",
  ]);
  expect(notify.channels[2]?.smtp).toEqual({ host: "mail.example.com", port: 587, tls: "starttls" });
  expect(notify.routes[0]).toMatchObject({ scope: {}, budgets: [], channels: ["ops", "log"] });
  expect(notify.retry).toEqual({ attempts: 12, first_delay_ms: 5000, longest_delay_ms: 900_000 });
});

it("finds what a channel lacks, has too much, and what routes misspell", () => {
  const text = [
    "notify:",
    "  channels:",
    "    - { name: hook, kind: webhook, url: https://example.com/hook }",
    "    - { name: ops, kind: slack, url: https://example.com, to: [a@example.com] }",
    "    - { name: ops, kind: slack, url: https://example.com, headers: { x: y } }",
    "    - { name: log, kind: slack, url: https://example.com }",
    "    - { name: m, kind: email, smtp: { host: h, user: u }, from: a@example.com, to: [b@example.com], quiet_hours: { from: '07:00', to: '07:00' } }",
    "  routes:",
    "    - channels: [opps]",
    "      escalation: [{ after_minutes: 30, channels: [nobody] }]",
  ].join("\n");
  expect(wrongIn(text)).toEqual([
    "3 notify.channels[0]: `signing_key` is missing; kind webhook needs one",
    "4 notify.channels[1].to: kind slack has none",
    "5 notify.channels[2].name: another channel has this name",
    "5 notify.channels[2].headers: only kinds webhook and alertmanager have headers, this is slack",
    "6 notify.channels[3].name: log is the server's log; give a channel of another kind another name",
    "7 notify.channels[4].smtp: `user` and `password` go together",
    "7 notify.channels[4].quiet_hours.to: is the time at which they begin",
    "9 notify.routes[0].channels[0]: there is no channel `opps`, did you mean `ops`?",
    "10 notify.routes[0].escalation[0].channels[0]: there is no channel `nobody`; there are hook, ops, log, m",
  ]);
});

it("never repeats a secret that is written wrongly", () => {
  const text = "notify: { channels: [{ name: h, kind: webhook, url: 'hooks-secret', signing_key: 'whsec_secret' }] }";
  const said = wrongIn(text).join("\n");
  expect(said).toContain("expected whsec_ and 24 to 64 bytes in base64, found something else");
  expect(said).not.toContain("secret'");
  expect(said).not.toMatch(/hooks-secret|whsec_secret/);
});
