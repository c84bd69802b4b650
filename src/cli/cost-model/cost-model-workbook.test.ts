import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { scenarioView } from "../../contract/scenario-view.ts";
import type { ScenariosAnswer } from "../../contract/scenarios-contract.ts";
import { readScenarios } from "../../core/scenario/read-scenarios.ts";
import { runScenarios } from "../../core/scenario/run-scenarios.ts";
import { UCR_COMPONENTS } from "../../core/scenario/scenario-inputs.ts";
import { runThrough } from "../../core/scenario/work-steps.ts";
import { seededDraws } from "../../std/seeded-draws.ts";
import { zipArchive } from "../../std/zip-archive.ts";
import { costModelWorkbook } from "./cost-model-workbook.ts";
import { filesOf, placeOf, type ReadBook, readBook, recalculated } from "./recalculate-test-kit.ts";

const ECONOMICS = parse(readFileSync(new URL("../../../samples/economics-scenarios.yaml", import.meta.url), "utf8"));
const NOTES = { inputs: "From a test.", prices: "Of a test." };

function made(document: unknown): { book: Uint8Array; answer: ScenariosAnswer } {
  const reading = readScenarios(document, () => undefined);
  if (reading.outcome === "wrong") throw new Error(JSON.stringify(reading.findings));
  const report = runThrough(runScenarios(reading.plan, seededDraws));
  return { book: costModelWorkbook(report, NOTES), answer: scenarioView(report) };
}

/** One step of the fifteenth digit, and what the API adds by rounding up. */
function near(value: number, text: string, grain: number): void {
  const expected = Number(text);
  const step = expected === 0 ? 0 : 10 ** (Math.floor(Math.log10(Math.abs(expected))) - 14);
  const off = Math.abs(value - expected);
  if (!(off <= grain + 2 * step)) expect({ value, off }).toEqual({ expected, text });
}

/** Every figure that the API answers, recomputed from the formulas. */
function isTheSame(book: ReadBook, computed: (place: string) => number, { scenarios }: ScenariosAnswer): void {
  for (const [index, scenario] of scenarios.entries()) {
    const ucr = (label: string) => computed(placeOf(book, "UCR", label, scenario.name, "component"));
    near(ucr("UCR"), scenario.ucr_usd, 1e-12);
    for (const component of scenario.components ? UCR_COMPONENTS : []) near(ucr(component), String(scenario.components![component]), 1e-12);
    near(computed(placeOf(book, "Scenarios", scenario.name, "run-rate USD", "scenario")), scenario.run_rate_usd, 1e-9);
    near(computed(placeOf(book, "Scenarios", scenario.name, "monthly volume", "scenario")), scenario.monthly_volume, 1e-9);
    for (const { month, volume, run_rate_usd } of scenario.months) {
      // A volume that is rounded up to a millionth may fall to the next one where the fifteenth digit is before that.
      const grain = 2e-6 * month;
      const column = (offset: number) => String.fromCharCode(66 + 3 * index + offset);
      near(computed(`Months!${column(0)}${5 + month}`), volume, grain);
      near(computed(`Months!${column(2)}${5 + month}`), run_rate_usd, 1e-9 + grain * Number(scenario.ucr_usd));
    }
  }
}

describe("the workbook of the cost model", () => {
  it("gives the figures of the API when its formulas are computed again, down to 8,160, 7,360 and 6,750", () => {
    const { book, answer } = made(ECONOMICS);
    const read = readBook(book);
    const computed = recalculated(read);
    isTheSame(read, computed, answer);
    const runRates = ["Optimistic", "Base", "Conservative"].map((name) =>
      computed(placeOf(read, "Scenarios", name, "run-rate USD", "scenario")),
    );
    expect(runRates.map((rate) => rate.toPrecision(14))).toEqual(["8160.0000000000", "7360.0000000000", "6750.0000000000"]);
  });

  it("follows a changed input and a changed price as the API does", () => {
    const { book } = made(ECONOMICS);
    const read = readBook(book);
    const changed = new Map([
      [placeOf(read, "Inputs", "cache_hit", "Base", "input"), 0.5],
      [placeOf(read, "Prices", "large", "output USD / 1M tokens", "model"), 30],
    ]);
    const document = structuredClone(ECONOMICS);
    document.scenarios[1].cache_hit = 0.5;
    document.models.large.output_usd_mtok = 30;
    const { answer } = made(document);
    isTheSame(read, recalculated(read, changed), answer);
    expect(answer.scenarios[1]?.run_rate_usd).not.toBe("7360");
  });

  it("says beside each formula the value that the formula has", () => {
    const read = readBook(made(ECONOMICS).book);
    const computed = recalculated(read);
    let formulas = 0;
    for (const [sheet, cells] of read) {
      for (const [place, { formula, number }] of cells) {
        if (formula === undefined) continue;
        formulas += 1;
        near(number!, String(computed(`${sheet}!${place}`)), sheet === "Months" ? 1e-4 : 1e-15);
      }
    }
    expect(formulas).toBeGreaterThan(150);
  });

  it("holds for any numbers, with and without a stated unit cost, pools, growth and tokens of a model's own", () => {
    const amount = (most: number) => fc.integer({ min: 0, max: 1_000_000 }).map((parts) => ((parts * most) / 1_000_000).toFixed(10));
    const counts = {
      prompt_tokens: amount(9000),
      gen_tokens: amount(3000),
      depth_k: amount(20),
      rerank_candidates: amount(50),
      vector_ops: amount(9),
    };
    const prices = {
      retrieval_usd_per_k: amount(0.01),
      rerank_usd: amount(0.001),
      vector_usd: amount(0.0001),
      orchestration_monthly_usd: amount(90_000),
    };
    const people = { hitl_minutes: amount(2), hitl_usd_per_minute: amount(3), growth: amount(0.2), cache_hit: amount(1) };
    const scenario = fc.record({
      monthly_volume: fc.integer({ min: 1, max: 9_000_000 }),
      ...counts,
      ...prices,
      ...people,
      share: fc.integer({ min: 0, max: 100 }),
    });
    const model = fc.record({ input_usd_mtok: amount(60), output_usd_mtok: amount(180), fee_usd: amount(0.01) }, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(scenario, { minLength: 1, maxLength: 3 }), model, model, fc.boolean(), (cases, one, other, stated) => {
        const scenarios = cases.map(({ share, ...figures }, index) => ({
          name: `s${index}`,
          mix: { one: `${share}%`, other: `${100 - share}%` },
          ...figures,
        }));
        const last = stated ? [{ name: "stated", monthly_volume: 1234, growth: "1%", ucr_usd: "0.0123" }] : [];
        const { book, answer } = made({
          months: 4,
          models: { one, other: { ...other, gen_tokens: 77 } },
          scenarios: [...scenarios, ...last],
        });
        const read = readBook(book);
        isTheSame(read, recalculated(read), answer);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps names as text, whatever they hold", () => {
    const name = '=HYPERLINK("http://evil") <&> \u0007';
    const read = readBook(made({ scenarios: [{ name, monthly_volume: 10, ucr_usd: 0.5 }] }).book);
    expect(read.get("Scenarios")?.get("A5")).toEqual({
      text: '=HYPERLINK("http://evil") <&> \u{FFFD}',
      number: undefined,
      formula: undefined,
    });
  });

  it("is the same bytes for the same plan", () => {
    expect(Buffer.from(made(ECONOMICS).book).equals(Buffer.from(made(ECONOMICS).book))).toBe(true);
  });
});

const office = ["/usr/bin/soffice", "/usr/bin/libreoffice", "/opt/libreoffice/program/soffice"].find((path) => existsSync(path));
if (!office && process.env.BALLAST_REQUIRE_SERVICES === "1")
  throw new Error("LibreOffice is required here: apt-get install libreoffice-calc");
if (!office)
  console.log("skipped: the workbook in LibreOffice (install libreoffice-calc); the formulas are computed by the test's own engine");

describe.skipIf(!office)("the workbook in LibreOffice", () => {
  it("opens, and gives the API's figures for changed inputs, with no value to copy from", { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), "cost-model-"));
    try {
      const { book } = made(ECONOMICS);
      const read = readBook(book);
      const [, place = ""] = placeOf(read, "Inputs", "cache_hit", "Base", "input").split("!");
      const files = [...filesOf(book)].map(([name, text]) => {
        const blank = text.replace(/(<f>[^<]*<\/f>)<v>[^<]*<\/v>/g, "$1");
        const changed = name === "xl/worksheets/sheet1.xml" ? blank.replace(new RegExp(`(<c r="${place}"[^>]*><v>)[^<]*`), "$10.5") : blank;
        return { name, text: changed };
      });
      writeFileSync(join(folder, "cost_model.xlsx"), zipArchive(files));
      const profile = `-env:UserInstallation=file://${folder}/profile`;
      execFileSync(
        office!,
        [profile, "--headless", "--convert-to", "xlsx", "--outdir", join(folder, "out"), join(folder, "cost_model.xlsx")],
        { stdio: "ignore" },
      );
      const opened = readBook(readFileSync(join(folder, "out", "cost_model.xlsx")));
      const computed = (at: string) => {
        const [sheet = "", cell = ""] = at.split("!");
        return opened.get(sheet)?.get(cell)?.number ?? Number.NaN;
      };
      const document = structuredClone(ECONOMICS);
      document.scenarios[1].cache_hit = 0.5;
      isTheSame(read, computed, made(document).answer);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
