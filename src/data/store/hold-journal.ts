import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { Problem } from "../../contract/problem.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { Instant } from "../../core/time/window.ts";

/*
 * The journal of holds. Leases are durable in the store; which calls hold how much of them lives in memory, and here.
 *
 * A hold is written, without waiting for the disk, before its call is sent. What was written survives the death of the process
 * (kill -9), though not of the machine. At the next start every hold in the journal that has no ending in the store is in doubt, and the
 * rest of the dead process's leases is given back. If the machine itself went down, or a record is damaged anywhere but at the very end,
 * the journal proves nothing about what is missing from it, and whole leases count as in doubt.
 *
 * One record a line: crc32 of the rest in hex, then hold id, time, tenant, amount and accounts, separated by tabs.
 * A file that grows past its size is replaced by a new one that begins with the holds still open.
 */
export interface JournalledHold {
  readonly holdId: string;
  readonly at: Instant;
  readonly tenant: string;
  readonly amountNano: Nano;
  readonly accounts: readonly string[];
}

const ROTATE_BYTES = 8 * 1024 * 1024;

export class HoldJournal {
  readonly #folder: string;
  readonly #epoch: number;
  readonly #rotateBytes: number;
  /** Holds without a durable ending. */
  readonly #open = new Map<string, JournalledHold>();
  #file: number;
  /** Holds of this turn of the event loop, which are written together at its end. */
  #waiting: { hold: JournalledHold; written: () => void; failed: (error: unknown) => void }[] = [];
  #part = 0;
  #bytes = 0;

  constructor(folder: string, epoch: number, rotateBytes = ROTATE_BYTES) {
    this.#folder = folder;
    this.#epoch = epoch;
    this.#rotateBytes = rotateBytes;
    this.#file = openSync(this.#path(0), "wx", 0o600);
  }

  /**
   * Resolves when the record is written. Under load the holds of many calls are one write.
   * @throws Problem store_unavailable when the record cannot be written; then the call must not be sent
   */
  append(hold: JournalledHold): Promise<void> {
    return new Promise((written, failed) => {
      if (this.#waiting.push({ hold, written, failed }) === 1) setImmediate(() => this.#writeWaiting());
    });
  }

  /** The hold's ending is durable in the store. */
  ended(holdId: string): void {
    this.#open.delete(holdId);
  }

  /** Closes the journal; an orderly end removes it, since nothing is open. */
  close(): void {
    closeSync(this.#file);
    if (this.#open.size === 0) unlinkSync(this.#path(this.#part));
  }

  /** As a crash would: the file stays as it is. For simulations. */
  abandon(): void {
    closeSync(this.#file);
  }

  #writeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      let text = "";
      for (const { hold } of waiting) text += journalLine(hold);
      this.#write(text);
      for (const { hold } of waiting) this.#open.set(hold.holdId, hold);
      if (this.#bytes > this.#rotateBytes) this.#rotate();
    } catch (error) {
      for (const { hold, failed } of waiting) {
        this.#open.delete(hold.holdId);
        failed(error);
      }
      return;
    }
    for (const { written } of waiting) written();
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      throw new Problem("store_unavailable", { journal: this.#folder }, { cause: error });
    }
    this.#bytes += bytes.length;
  }

  #rotate(): void {
    const before = { file: this.#file, path: this.#path(this.#part) };
    const next = openSync(this.#path(this.#part + 1), "w", 0o600);
    const text = [...this.#open.values()].map(journalLine).join("");
    this.#file = next;
    this.#part += 1;
    this.#bytes = 0;
    this.#write(text);
    fsyncSync(next);
    closeSync(before.file);
    unlinkSync(before.path);
  }

  #path(part: number): string {
    return join(this.#folder, `holds-${this.#epoch}-${part}.journal`);
  }
}

function journalLine(hold: JournalledHold): string {
  const record = `${hold.holdId}\t${hold.at}\t${encodeURIComponent(hold.tenant)}\t${hold.amountNano}\t${hold.accounts.join("\t")}`;
  return `${crc32(record).toString(16).padStart(8, "0")}\t${record}\n`;
}

export interface JournalReading {
  readonly holds: readonly JournalledHold[];
  /** False when records before the end are damaged, so that holds may be missing. A torn last record is no damage: its call was never sent. */
  readonly whole: boolean;
}

/** Reads what a dead process left. A process without a journal left nothing readable: not whole. */
export function readJournal(folder: string, epoch: number): JournalReading {
  const files = journalFiles(folder, epoch);
  const holds = new Map<string, JournalledHold>();
  let whole = files.length > 0;
  for (const file of files) {
    const lines = readFileSync(join(folder, file), "utf8").split("\n");
    lines.forEach((line, index) => {
      if (line === "") return;
      const hold = parseLine(line);
      if (hold) holds.set(hold.holdId, hold);
      else if (index < lines.length - 1 && lines.slice(index + 1).some((later) => later !== "")) whole = false;
    });
  }
  return { holds: [...holds.values()], whole };
}

export function deleteJournal(folder: string, epoch: number): void {
  for (const file of journalFiles(folder, epoch)) unlinkSync(join(folder, file));
}

function journalFiles(folder: string, epoch: number): string[] {
  return readdirSync(folder).filter((file) => file.startsWith(`holds-${epoch}-`) && file.endsWith(".journal"));
}

function parseLine(line: string): JournalledHold | undefined {
  const record = line.slice(9);
  if (line[8] !== "\t" || crc32(record) !== Number.parseInt(line.slice(0, 8), 16)) return undefined;
  const [holdId, at, tenant, amount, ...accounts] = record.split("\t");
  if (!holdId || at === undefined || tenant === undefined || amount === undefined) return undefined;
  return { holdId, at: Number(at), tenant: decodeURIComponent(tenant), amountNano: BigInt(amount), accounts: accounts.filter(Boolean) };
}
