import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Problem } from "../../contract/problem.ts";

const BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/microsoft-edge",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];
const TIMEOUT_MS = 60_000;

/**
 * Draws an SVG of ours as PNG with the browser of this machine, which has the fonts: a drawing library with fonts of its own would weigh
 * more than all that it draws.
 * @throws Problem browser_missing, which says to take the SVG
 */
export async function drawPicture(svg: string, browsers: readonly string[] = BROWSERS): Promise<Uint8Array> {
  const browser = browsers.find((path) => existsSync(path));
  if (browser === undefined) throw new Problem("browser_missing", { looked_for: browsers });
  const [, width, height] = /<svg [^>]*width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  const folder = mkdtempSync(join(tmpdir(), "ballast-chart-"));
  const picture = join(folder, "chart.png");
  try {
    // In a page, since a browser draws a bare SVG at its own size.
    const page = join(folder, "chart.html");
    writeFileSync(page, `<!doctype html><meta charset="utf-8"><style>body{margin:0}svg{display:block}</style>${svg}`);
    const own = [`--user-data-dir=${join(folder, "profile")}`, "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run"];
    // The page is ours, holds no script and asks for nothing; without root's privileges the sandbox cannot be had in most containers.
    const args = [...own, "--no-sandbox", `--window-size=${width},${height}`, `--screenshot=${picture}`, pathToFileURL(page).href];
    await promisify(execFile)(browser, args, { timeout: TIMEOUT_MS });
    return readFileSync(picture);
  } catch (error) {
    throw new Problem("browser_missing", { browser }, { cause: error, message: `${browser} could not draw the chart.` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
