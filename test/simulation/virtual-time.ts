/** Time that passes only when the simulation says so: by turns of the event loop, each as long as it wants. */
export class VirtualTime {
  /** Milliseconds of a clock that nobody sets. */
  steadyMs = 0;
  /** By how much the store's clock differs: it may jump. */
  storeAheadMs: number;
  #timers: { readonly dueMs: number; readonly call: () => void }[] = [];

  constructor(startsAt: number) {
    this.storeAheadMs = startsAt;
  }

  get storeMs(): number {
    return this.steadyMs + this.storeAheadMs;
  }

  /** @returns what cancels it */
  after(ms: number, call: () => void): () => void {
    const timer = { dueMs: this.steadyMs + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** One turn of the event loop, which takes so long. */
  async pass(ms: number): Promise<void> {
    this.steadyMs += ms;
    for (const timer of this.#timers.filter(({ dueMs }) => dueMs <= this.steadyMs)) {
      if (!this.#timers.includes(timer)) continue;
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.call();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
