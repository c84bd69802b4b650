/**
 * Work that can be interrupted: it yields after each few milliseconds, and whoever runs it may let others go first. The command line runs it
 * through; a server that also relays calls must not hold its thread for a second.
 */
export type WorkSteps<Result> = Generator<void, Result, void>;

/** Runs all steps at once. */
export function runThrough<Result>(steps: WorkSteps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
