import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { LEAST_NODE } from "../node-version.ts";
import { type DoctorCheck, fail, ok, warn } from "./doctor-check.ts";

const GIB = 2 ** 30;
/** Below this a few days of traces fill the disk; a ledger that cannot be written refuses every call. */
const LITTLE_SPACE = 2 * GIB;
const NO_SPACE = GIB / 4;

export function checkNode(version: string): DoctorCheck {
  if (Number(version.split(".")[0]) >= LEAST_NODE) return ok("node", version);
  return fail("node", `${version} is too old`, `Install Node ${LEAST_NODE} or newer.`);
}

/** Whether the data folder, or the folder in which it will be made, can be written. Writes nothing itself. */
export function checkDataFolder(dataDir: string): DoctorCheck {
  const folder = nearestExisting(dataDir);
  const remedy = `Give this user the folder ${dataDir}, or set data_dir to another one.`;
  if (!statSync(folder).isDirectory()) return fail("data folder", `${folder} is a file`, remedy);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return fail("data folder", `${folder} cannot be written: ${(error as NodeJS.ErrnoException).code}`, remedy);
  }
  return ok("data folder", existsSync(dataDir) ? `${dataDir} can be written` : `${dataDir} will be made at the first start`);
}

export function checkDiskSpace(dataDir: string): DoctorCheck {
  const { bavail, bsize } = statfsSync(nearestExisting(dataDir), { bigint: true });
  return diskSpaceCheck(Number(bavail * bsize));
}

/** @param freeBytes what this user may still write */
export function diskSpaceCheck(freeBytes: number): DoctorCheck {
  const detail = `${(freeBytes / GIB).toFixed(1)} GiB free`;
  if (freeBytes < NO_SPACE) return fail("disk space", detail, "Make room: when the ledger cannot be written, every call is refused.");
  if (freeBytes < LITTLE_SPACE)
    return warn("disk space", detail, "Make room soon; traces take about 90 bytes each, the ledger a few hundred a call.");
  return ok("disk space", detail);
}

/**
 * Whether the embedded warehouse and its engine for this platform are installed, without loading them.
 * The names of the engine packages are those of chdb 3.4.
 */
export function checkEmbeddedWarehouse(): DoctorCheck {
  const remedy = "Run npm install chdb (Linux with glibc, and macOS), or point stores.warehouse at a ClickHouse server.";
  const consequence = "calls and budgets work without it, reports do not";
  try {
    const chdb = createRequire(import.meta.url).resolve("chdb");
    createRequire(chdb).resolve(`@chdb/lib-${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}`);
    return ok("warehouse", "chdb is installed for this platform");
  } catch (error) {
    // Only "not there" is an answer to the question.
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return warn("warehouse", `chdb is not installed for ${process.platform} ${process.arch}; ${consequence}`, remedy);
  }
}

function nearestExisting(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}
