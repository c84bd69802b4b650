import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Problem } from "../../contract/problem.ts";

/** A folder that one process has at a time. The system gives it back when the process dies, however it dies. */
export class FolderLock {
  readonly #database: DatabaseSync;

  /** @throws Problem data_dir_in_use, store_unavailable */
  constructor(folder: string) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#database = new DatabaseSync(join(folder, "owner.lock"), { timeout: 200 });
    } catch (error) {
      throw new Problem("store_unavailable", { path: folder }, { cause: error });
    }
    try {
      this.#database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    } catch (error) {
      this.#database.close();
      throw new Problem("data_dir_in_use", { path: folder }, { cause: error });
    }
  }

  release(): void {
    this.#database.close();
  }
}
