export interface ProgressBar {
  advance(by?: number): void;
  /** Ends the line; later calls do nothing. */
  done(): void;
}

const WIDTH = 30;

/**
 * Progress on stderr: a bar that is drawn over itself on a terminal, elsewhere a line for every tenth.
 * @param total steps in all; 0 counts as finished
 */
export function progressBar(total: number, label: string): ProgressBar {
  return progressOn(process.stderr, total, label);
}

/** The same over any stream, for tests. */
export function progressOn(stream: { readonly isTTY?: boolean; write(text: string): unknown }, total: number, label: string): ProgressBar {
  let steps = 0;
  let shown = -1;
  let ended = false;
  const percent = () => (total <= 0 ? 100 : Math.min(100, Math.floor((steps / total) * 100)));

  function show(): void {
    const now = stream.isTTY ? percent() : Math.floor(percent() / 10) * 10;
    if (now <= shown) return;
    shown = now;
    if (!stream.isTTY) {
      if (now > 0) stream.write(`${label}: ${now} %\n`);
      return;
    }
    const filled = Math.round((now / 100) * WIDTH);
    stream.write(`\r${label} [${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${String(now).padStart(3)} %`);
  }

  show();
  return {
    advance(by = 1) {
      if (ended) return;
      steps += by;
      show();
    },
    done() {
      if (ended) return;
      ended = true;
      if (stream.isTTY) stream.write("\n");
    },
  };
}
