import { existsSync, readFileSync } from "node:fs";
import { Value } from "typebox/value";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { alertEvent } from "../contract/alert-event-contract.ts";
import { EVENT_TYPES } from "../core/alerts/alert-name.ts";
import { RUNBOOKS } from "../core/alerts/alert-words.ts";
import { packageRoot } from "../std/package-root.ts";
import { alertMessage } from "./alert-event.ts";
import { AT, aRecord, crossing } from "./notify-test-kit.ts";

const root = packageRoot(import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), "utf8");

it("has a runbook for every kind of alert, that says what it means, what to do first and how to verify", () => {
  for (const [kind, file] of Object.entries(RUNBOOKS)) {
    const page = new URL(`docs/runbooks/${file}`, root);
    expect([kind, existsSync(page)]).toEqual([kind, true]);
    for (const part of ["**What it means.**", "**Do first", "**Verify.**"]) expect(readFileSync(page, "utf8")).toContain(part);
  }
});

it("has a page that names every type of event, and whose example is what is sent", () => {
  const page = read("docs/concepts/alerts.md");
  for (const type of [...Object.values(EVENT_TYPES), "AlertEscalated", "AlertResolved"]) expect(page).toContain(`\`${type}\``);
  const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "") as { data: { alert_id: string } };
  expect([...Value.Errors(alertEvent, example)]).toEqual([]);
  const alert = aRecord(crossing(80), { id: example.data.alert_id, raisedAt: AT });
  expect(example).toEqual(alertMessage(alert, "raised", { source: "/ballast", runbooks: "docs/runbooks" }).event);
});

it("has an example configuration whose commented lines can be used as they are", () => {
  const section = read("ballast.example.yaml")
    .split(/^notify:\n/m)[1]!
    .split(/^\S/m)[0]!;
  const uncommented = section.replaceAll(/^ {2}# (?=( {2})*(- |[a-z_]+:))/gm, "  ");
  const notify = parse(`notify:\n${uncommented}`) as { notify: { channels: unknown[]; routes: unknown[] } };
  expect([notify.notify.channels.length, notify.notify.routes.length]).toEqual([4, 2]);
});
