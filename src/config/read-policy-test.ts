import { basename, dirname, isAbsolute, join } from "node:path";
import { Problem } from "../contract/problem.ts";
import { LEVER_NAMES, type LeverId } from "../core/levers/lever-list.ts";
import { SIGNAL_NAMES } from "../core/levers/signal-list.ts";
import type { Approval } from "../core/policy/approval.ts";
import { SUBJECT_KINDS, type Subject, subjectKey } from "../core/policy/policy.ts";
import { type Expectation, leverValue, type PolicyScenario } from "../core/policy/policy-scenario.ts";
import { readSeries, type SeriesPoint } from "../core/policy/signal-series.ts";
import { type SubjectControl, subjectControls } from "../core/policy/subject-control.ts";
import { parseDuration } from "../core/time/duration.ts";
import type { PolicyConflict } from "./check-policy.ts";
import { didYouMean } from "./did-you-mean.ts";
import { environment } from "./environment.ts";
import { policyTestRoot, type WrittenPolicyTest, type WrittenScenario } from "./policy-test-schema.ts";
import { fileProblem, placedWithin, policyProblem, readPolicyFile } from "./read-policy-file.ts";
import { readSettings } from "./read-settings.ts";
import { readTextFile } from "./read-text-file.ts";

const MOST_FILE_BYTES = 4 * 1024 * 1024;
const MOST_TICKS = 100_000;
const START = "2026-01-01T00:00:00Z";

/** @throws Problem policy_invalid that names everything that is wrong in the tests, or in a policy that they name */
export function readPolicyTest(file: string): PolicyScenario[] {
  const text = readTextFile(file, MOST_FILE_BYTES, (message, cause) => fileProblem(file, message, cause));
  const reading = readSettings(text, environment, policyTestRoot);
  if (reading.findings.length > 0) throw policyProblem(file, reading.findings);
  const written = reading.value as WrittenPolicyTest;
  const twice = written.policies.findIndex(
    (name, index) => written.policies.findIndex((other) => basename(other) === basename(name)) < index,
  );
  if (twice >= 0) {
    const conflict = {
      setting: `policies[${twice}]`,
      at: 0,
      message: "another policy file has this name; decisions could not tell them apart",
    };
    throw policyProblem(file, [placedWithin(conflict, reading, text)]);
  }
  const policies = written.policies.flatMap((name) => readPolicyFile(isAbsolute(name) ? name : join(dirname(file), name)).policies);
  const controls = subjectControls(policies);
  const compiler = new ScenarioCompiler(controls);
  const scenarios = written.tests.flatMap((test, index) => compiler.compile(test, `tests[${index}]`) ?? []);
  if (compiler.conflicts.length > 0) {
    throw policyProblem(
      file,
      compiler.conflicts.map((conflict) => placedWithin(conflict, reading, text)),
    );
  }
  return scenarios;
}

/** Whether what went wrong is something in a policy or its tests. */
export function isPolicyProblem(error: unknown): error is Problem {
  return error instanceof Problem && error.code === "policy_invalid";
}

/** Turns written tests into values, and notes what means nothing. */
class ScenarioCompiler {
  readonly conflicts: PolicyConflict[] = [];
  readonly #controls: ReadonlyMap<string, SubjectControl>;

  constructor(controls: ReadonlyMap<string, SubjectControl>) {
    this.#controls = controls;
  }

  compile(test: WrittenScenario, path: string): PolicyScenario | undefined {
    const subject = this.#subject(test, path);
    const control = subject && this.#controls.get(subjectKey(subject));
    if (!subject || !control) return undefined;
    const start = Date.parse(test.start ?? START);
    const intervalMs = parseDuration(test.interval ?? "1m")!;
    const names = ["spend_burn", ...SIGNAL_NAMES] as const;
    const series = new Map(names.flatMap((name) => this.#series(test.signals[name], name, `${path}.signals.${name}`)));
    const expectations = test.expect.map((expected, index) => this.#expectation(expected, intervalMs, `${path}.expect[${index}]`));
    this.#twice(expectations, path);
    const { spend_burn: burn, ...signals } = Object.fromEntries(series);
    return {
      ...{ name: test.name, control, start, intervalMs, burn, signals, expectations },
      ticks: Math.max(...[...series.values()].map(({ length }) => length), ...expectations.map(({ tick }) => tick + 1)),
      approvals: (test.approvals ?? []).flatMap((approval, index) =>
        this.#approval(approval, subject, start, `${path}.approvals[${index}]`),
      ),
      failing: new Set((test.failing ?? []).flatMap((lever, index) => this.#lever(lever, `${path}.failing[${index}]`) ?? [])),
      isComplete: test.complete ?? false,
    };
  }

  #note(setting: string, message: string, at = 0): undefined {
    this.conflicts.push({ setting, message, at });
  }

  #subject(test: WrittenScenario, path: string): Subject | undefined {
    const named = SUBJECT_KINDS.flatMap((kind): Subject[] => (test[kind] === undefined ? [] : [{ kind, name: test[kind] }]));
    const [subject] = named;
    if (!subject || named.length > 1) return this.#note(path, "expected one of use_case, provider and model");
    if (this.#controls.has(subjectKey(subject))) return subject;
    const known = [...this.#controls.values()].flatMap((control) => (control.subject.kind === subject.kind ? [control.subject.name] : []));
    const hint = didYouMean(subject.name, known) || `; there are ${known.join(", ") || "none"}`;
    return this.#note(`${path}.${subject.kind}`, `the policies have no ${subject.kind} \`${subject.name}\`${hint}`);
  }

  #series(text: string | undefined, name: string, path: string): [string, readonly SeriesPoint[]][] {
    if (text === undefined) return [];
    const reading = readSeries(text);
    if (reading.outcome === "read") return [[name, reading.points]];
    this.#note(path, reading.message, reading.at);
    return [];
  }

  #expectation(expected: WrittenScenario["expect"][number], intervalMs: number, path: string): Expectation {
    const ms = parseDuration(expected.at)!;
    const tick = ms / intervalMs;
    if (!Number.isInteger(tick)) this.#note(`${path}.at`, `expected a multiple of the interval, found ${expected.at}`);
    if (tick >= MOST_TICKS) this.#note(`${path}.at`, `expected at most ${MOST_TICKS} intervals, found ${Math.floor(tick)}`);
    const levers = Object.entries(expected.levers ?? {}).flatMap(([name, text]) => {
      const place = `${path}.levers.${name}`;
      const lever = this.#lever(name, place);
      const value = lever && leverValue(lever, text);
      if (lever && value === undefined) this.#note(place, `expected off, on or a number in the lever's range, found ${text}`);
      return lever && value !== undefined ? [{ lever, value }] : [];
    });
    return { tick: Math.min(Math.floor(tick), MOST_TICKS), decisions: expected.decisions, levers, held: expected.held ?? [] };
  }

  #twice(expectations: readonly Expectation[], path: string): void {
    expectations.forEach(({ tick }, index) => {
      const isAgain = expectations.findIndex((other) => other.tick === tick) < index;
      if (isAgain) this.#note(`${path}.expect[${index}].at`, "another entry is about the same time");
    });
  }

  #approval(approval: NonNullable<WrittenScenario["approvals"]>[number], subject: Subject, start: number, path: string): Approval[] {
    const { approver, kind, reason } = approval;
    const from = start + parseDuration(approval.at)!;
    const common = { id: path, subject, approver, from, until: from + parseDuration(approval.for)! };
    if (kind === "exec") return [{ ...common, kind }];
    if (reason !== undefined) return [{ ...common, kind, reason }];
    this.#note(path, "an exclusion needs its `reason`");
    return [];
  }

  #lever(name: string, path: string): LeverId | undefined {
    const isKnown = (LEVER_NAMES as readonly string[]).includes(name) && name !== "feature_freeze";
    if (isKnown || /^feature_freeze\/[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(name)) return name as LeverId;
    const known = LEVER_NAMES.map((lever) => (lever === "feature_freeze" ? "feature_freeze/large_model" : lever));
    return this.#note(path, `there is no lever \`${name}\`${didYouMean(name, known) || `; there are ${known.join(", ")}`}`);
  }
}
