import type { ScenariosAnswer } from "../../contract/scenarios-contract.ts";
import { printable } from "../print-table.ts";

const WIDTH = 760;
const LABEL = 230;
const PLOT = 380;
const ROW = 26;

/**
 * An SVG of two kinds of bars: the run-rate of each scenario, and for each the numbers that weigh most. Plain text, readable in both themes.
 * Lengths are pixels, so amounts become numbers here, and only here; every bar carries its exact amount as text.
 */
export function scenarioChart(answer: ScenariosAnswer): string {
  const rows: string[] = [];
  let y = 34;
  const rates = answer.scenarios.flatMap(({ run_rate_usd, monte_carlo }) => [run_rate_usd, monte_carlo?.run_rate_usd.p95 ?? run_rate_usd]);
  const most = Math.max(...rates.map(Number), Number.MIN_VALUE);
  rows.push(title(`${answer.name}: USD a month`, y));
  for (const { name, run_rate_usd, monte_carlo } of answer.scenarios) {
    y += ROW;
    const drawn = monte_carlo?.run_rate_usd;
    const range = drawn && { from: Number(drawn.p5) / most, to: Number(drawn.p95) / most };
    const amount = drawn ? `${run_rate_usd} (90 of 100 draws: ${drawn.p5} … ${drawn.p95})` : run_rate_usd;
    rows.push(bar({ label: name, from: 0, to: Number(run_rate_usd) / most, y, color: "#2b6cb0", amount, range }));
  }
  for (const { name, sensitivity } of answer.scenarios) {
    const bars = sensitivity.slice(0, 6);
    if (bars.length === 0) continue;
    y += 2 * ROW;
    rows.push(title(`${name}: what weighs most (ochre: more of it costs more, green: less)`, y));
    const ends = bars.flatMap((one) => [Number(one.run_rate_low_usd), Number(one.run_rate_high_usd)]);
    const [least, width] = [Math.min(...ends), Math.max(...ends) - Math.min(...ends) || 1];
    for (const one of bars) {
      y += ROW;
      const [low, high] = [Number(one.run_rate_low_usd), Number(one.run_rate_high_usd)].map((value) => (value - least) / width) as [
        number,
        number,
      ];
      const amount = `${one.run_rate_low_usd} … ${one.run_rate_high_usd}`;
      rows.push(
        bar({
          label: one.figure,
          from: Math.min(low, high),
          to: Math.max(low, high),
          y,
          color: low < high ? "#b7791f" : "#2f855a",
          amount,
        }),
      );
    }
  }
  const size = `width="${WIDTH + 260}" height="${y + ROW}" viewBox="0 0 ${WIDTH + 260} ${y + ROW}"`;
  const style = "text{font:13px system-ui,sans-serif;fill:#1a202c}.t{font-weight:600}";
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img"><style>${style}</style><rect width="100%" height="100%" fill="#fff"/>\n${rows.join("\n")}\n</svg>\n`;
}

function title(text: string, y: number): string {
  return `<text class="t" x="12" y="${y}">${escaped(text)}</text>`;
}

interface Bar {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly y: number;
  readonly color: string;
  readonly amount: string;
  /** Drawn over the bar as a line with ends. */
  readonly range?: { readonly from: number; readonly to: number } | undefined;
}

function bar(of: Bar): string {
  const [x, barEnd] = [LABEL + of.from * PLOT, LABEL + of.to * PLOT];
  const [low, high] = [LABEL + (of.range?.from ?? of.to) * PLOT, LABEL + (of.range?.to ?? of.to) * PLOT].map((at) => at.toFixed(1));
  const [top, middle, bottom] = [of.y - 10, of.y - 5, of.y];
  const path = `M${low} ${top}V${bottom}M${low} ${middle}H${high}M${high} ${top}V${bottom}`;
  const range = of.range ? `<path d="${path}" fill="none" stroke="#1a202c"/>` : "";
  const end = Math.max(barEnd, Number(high));
  const place = `x="${x.toFixed(1)}" y="${of.y - 14}" width="${Math.max(1, barEnd - x).toFixed(1)}" height="18"`;
  return `<text x="12" y="${of.y}">${escaped(of.label.slice(0, 34))}</text><rect ${place} fill="${of.color}"/>${range}<text x="${(end + 6).toFixed(1)}" y="${of.y}">${escaped(of.amount)}</text>`;
}

function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
