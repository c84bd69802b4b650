import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { Problem } from "../../contract/problem.ts";
import type { Nano } from "../../core/money/usd.ts";
import type { Scope } from "../../core/scope/scope.ts";
import type { Instant } from "../../core/time/window.ts";
import type { Ending } from "../../ports/ledger-store.ts";

/*
 * The journal of calls. Leases are durable in the store; which calls hold how much of them lives in memory, and here. So does what
 * became of a call, until the store has it.
 *
 * A hold is written, without waiting for the disk, before its call is sent, and an ending before its answer is given. What was written
 * survives the death of the process (kill -9), though not of the machine. At the next start an ending in the journal is booked if the
 * store has not got it, a hold without an ending is in doubt, and the rest of the dead process's leases is given back. If the machine
 * itself went down, or a record is damaged anywhere but at the very end, the journal proves nothing about what is missing from it, and
 * what was leased and has no ending counts as in doubt.
 *
 * One record a line, members separated by tabs: crc32 of the rest in hex, then
 *   hold, id, time, amount, scope as JSON, accounts...
 *   settle | release | doubt, id, amount, input tokens, output tokens, trace as JSON or nothing
 * A file that grows past its size is replaced by a new one that begins with the calls not yet in the store.
 */
export interface JournalledHold {
  readonly holdId: string;
  readonly at: Instant;
  readonly amountNano: Nano;
  /** The call at the first provider it may be sent to. */
  readonly scope: Scope;
  readonly accounts: readonly string[];
}

export type JournalledEnding = Pick<Ending, "holdId" | "kind" | "amountNano" | "inputTokens" | "outputTokens" | "trace">;

const ROTATE_BYTES = 32 * 1024 * 1024;

const FIRST_BUFFER_BYTES = 64 * 1024;
/** crc32 in hex and a tab. */
const SEAL_BYTES = 9;
const LINE_END = 10;

/** The records of one turn of the event loop, which are one write at its end. */
interface Turn {
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class CallJournal {
  readonly #folder: string;
  #epoch: number;
  readonly #rotateBytes: number;
  /** Records of the calls that the store has no ending of. Those begun under an earlier number of the process have no hold here. */
  readonly #open = new Map<string, { hold: string | undefined; ending: string | undefined }>();
  #file: number;
  #turn: Turn | undefined;
  #buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
  #filled = 0;
  #part = 0;
  /** Length of the file. */
  #bytes = 0;

  constructor(folder: string, epoch: number, rotateBytes = ROTATE_BYTES) {
    this.#folder = folder;
    this.#epoch = epoch;
    this.#rotateBytes = rotateBytes;
    this.#file = openSync(this.#path(0), "wx", 0o600);
  }

  /**
   * Resolves when the hold is written. Under load the records of many calls are one write.
   * @throws Problem store_unavailable when it cannot be written; then the call must not be sent, and is to be forgotten
   */
  hold(hold: JournalledHold): Promise<void> {
    const record = holdRecord(hold);
    this.#open.set(hold.holdId, { hold: record, ending: undefined });
    return this.#append(record);
  }

  /** Resolves when the ending is written. @throws Problem store_unavailable */
  ending(ending: JournalledEnding): Promise<void> {
    const record = endingRecord(ending);
    const open = this.#open.get(ending.holdId);
    if (open) open.ending ??= record;
    else this.#open.set(ending.holdId, { hold: undefined, ending: record });
    return this.#append(record);
  }

  /** The ending is durable in the store, or the call was never sent. */
  forget(holdId: string): void {
    this.#open.delete(holdId);
  }

  /** Resolves when everything that was to be written until now is written, or could not be. */
  async written(): Promise<void> {
    await this.#turn?.written.catch(() => {});
  }

  /**
   * Goes on under another number of the process, whose store knows every hold of the former one: in doubt, unless it has ended. Endings
   * that the store has not got go along.
   */
  renew(epoch: number): void {
    if (this.#turn) this.#endTurn();
    const former = this.#epoch;
    closeSync(this.#file);
    this.#epoch = epoch;
    this.#part = 0;
    this.#bytes = 0;
    this.#file = openSync(this.#path(0), "wx", 0o600);
    for (const [holdId, open] of this.#open) {
      if (open.ending === undefined) this.#open.delete(holdId);
      else {
        open.hold = undefined;
        this.#put(open.ending);
      }
    }
    this.#flush();
    deleteJournal(this.#folder, former);
  }

  /** Closes the journal; an orderly end removes it, since nothing is open. */
  close(): void {
    if (this.#turn) this.#endTurn();
    closeSync(this.#file);
    if (this.#open.size === 0) unlinkSync(this.#path(this.#part));
  }

  /** As a crash would: the file stays as it is. For simulations. */
  abandon(): void {
    closeSync(this.#file);
  }

  #append(record: string): Promise<void> {
    this.#put(record);
    this.#turn ??= this.#beginTurn();
    return this.#turn.written;
  }

  #beginTurn(): Turn {
    const { promise: written, resolve, reject } = Promise.withResolvers<void>();
    setImmediate(() => {
      if (this.#turn) this.#endTurn();
    });
    return { written, resolve, reject };
  }

  #endTurn(): void {
    const turn = this.#turn!;
    this.#turn = undefined;
    try {
      this.#flush();
      if (this.#bytes > this.#rotateBytes) this.#rotate();
    } catch (error) {
      turn.reject(error);
      return;
    }
    turn.resolve();
  }

  /** Writes the record where the next flush finds it. */
  #put(record: string): void {
    const most = SEAL_BYTES + record.length * 3 + 1;
    if (this.#filled + most > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#filled + most));
      this.#buffer.copy(larger, 0, 0, this.#filled);
      this.#buffer = larger;
    }
    const start = this.#filled + SEAL_BYTES;
    const end = start + this.#buffer.write(record, start, "utf8");
    const seal = crc32(this.#buffer.subarray(start, end)).toString(16).padStart(8, "0");
    this.#buffer.write(`${seal}\t`, this.#filled, "latin1");
    this.#buffer[end] = LINE_END;
    this.#filled = end + 1;
  }

  #flush(): void {
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      // Half a record in the middle would make the whole journal worthless.
      ftruncateSync(this.#file, this.#bytes);
      throw new Problem("store_unavailable", { journal: this.#folder }, { cause: error });
    }
    this.#bytes += bytes.length;
  }

  /** Without a wait for the disk: after a power cut no journal is trusted anyway. */
  #rotate(): void {
    const before = { file: this.#file, path: this.#path(this.#part) };
    this.#file = openSync(this.#path(this.#part + 1), "w", 0o600);
    this.#part += 1;
    this.#bytes = 0;
    for (const { hold, ending } of this.#open.values()) {
      if (hold !== undefined) this.#put(hold);
      if (ending !== undefined) this.#put(ending);
    }
    this.#flush();
    closeSync(before.file);
    unlinkSync(before.path);
  }

  #path(part: number): string {
    return join(this.#folder, `calls-${this.#epoch}-${part}.journal`);
  }
}

function holdRecord({ holdId, at, amountNano, scope, accounts }: JournalledHold): string {
  return `hold\t${holdId}\t${at}\t${amountNano}\t${JSON.stringify(scope)}\t${accounts.join("\t")}`;
}

function endingRecord({ kind, holdId, amountNano, inputTokens, outputTokens, trace }: JournalledEnding): string {
  return `${kind}\t${holdId}\t${amountNano}\t${inputTokens}\t${outputTokens}\t${trace ?? ""}`;
}

export interface JournalReading {
  readonly holds: readonly JournalledHold[];
  /** By hold. */
  readonly endings: ReadonlyMap<string, JournalledEnding>;
  /**
   * False when records before the end are damaged, so that some may be missing. A torn last record is no damage: its call was never
   * sent, or its answer never given.
   */
  readonly whole: boolean;
}

/** Reads what a dead process left. A process without a journal left nothing readable: not whole. */
export function readJournal(folder: string, epoch: number): JournalReading {
  const files = journalFiles(folder, epoch);
  const holds = new Map<string, JournalledHold>();
  const endings = new Map<string, JournalledEnding>();
  let whole = files.length > 0;
  for (const file of files) {
    const lines = readFileSync(join(folder, file), "utf8").split("\n");
    lines.forEach((line, index) => {
      if (line === "") return;
      const record = recordOf(line);
      if (record === undefined) {
        if (lines.slice(index + 1).some((later) => later !== "")) whole = false;
      } else if ("accounts" in record) holds.set(record.holdId, record);
      else if (!endings.has(record.holdId)) endings.set(record.holdId, record);
    });
  }
  return { holds: [...holds.values()], endings, whole };
}

export function deleteJournal(folder: string, epoch: number): void {
  for (const file of journalFiles(folder, epoch)) unlinkSync(join(folder, file));
}

/** Numbers of the processes that have a journal here. */
export function journalEpochs(folder: string): number[] {
  const found = readdirSync(folder).map((file) => /^calls-(\d+)-\d+\.journal$/.exec(file)?.[1]);
  return [...new Set(found.filter((epoch) => epoch !== undefined).map(Number))];
}

function journalFiles(folder: string, epoch: number): string[] {
  return readdirSync(folder).filter((file) => file.startsWith(`calls-${epoch}-`) && file.endsWith(".journal"));
}

function recordOf(line: string): JournalledHold | JournalledEnding | undefined {
  const record = line.slice(9);
  if (line[8] !== "\t" || crc32(record) !== Number.parseInt(line.slice(0, 8), 16)) return undefined;
  const [kind, holdId, ...members] = record.split("\t");
  if (holdId === undefined) return undefined;
  switch (kind) {
    case "hold": {
      const [at, amount, scope, ...accounts] = members;
      return {
        holdId,
        at: Number(at),
        amountNano: BigInt(amount!),
        scope: JSON.parse(scope!) as Scope,
        accounts: accounts.filter(Boolean),
      };
    }
    case "settle":
    case "release":
    case "doubt": {
      const [amount, input, output, trace] = members;
      return { kind, holdId, amountNano: BigInt(amount!), inputTokens: Number(input), outputTokens: Number(output), trace: trace || null };
    }
    default:
      return undefined;
  }
}
