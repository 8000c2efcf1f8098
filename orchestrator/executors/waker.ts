/** Lets one loop sleep until something happens. A wake that comes while the loop is busy is kept for its next sleep. */
export class Waker {
  #woken = false;
  #resume: (() => void) | undefined;
  #soon: NodeJS.Timeout | undefined;

  wake(): void {
    this.#woken = true;
    this.#resume?.();
  }

  /** Wakes after `milliseconds`, once, however often it is asked for meanwhile: many small changes become one wake. */
  wakeWithin(milliseconds: number): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.wake();
    }, milliseconds);
  }

  /** Sleeps until woken, at most `milliseconds`. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.#woken) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
        timer = setTimeout(resolve, milliseconds);
      });
      clearTimeout(timer);
      this.#resume = undefined;
    }
    this.#woken = false;
  }

  cancel(): void {
    clearTimeout(this.#soon);
  }
}
