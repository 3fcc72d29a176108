/** Letting the event loop turn in the middle of long work. */

/** Milliseconds of work after which a page should draw and listen again. */
const TURN = 12;

/** Gives way to what else the thread has to do, once every {@link TURN} milliseconds. */
export class Turns {
  private last = performance.now();

  /** Is it time? Then await {@link Turns.give}. */
  get due(): boolean {
    return performance.now() - this.last >= TURN;
  }

  /** Waits for a task of its own: promises alone never let another one in. */
  async give(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (typeof MessageChannel !== "function") {
        setTimeout(resolve, 0);
        return;
      }
      // Nested timers wait for four milliseconds in browsers; messages do not.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    });
    this.last = performance.now();
  }
}
