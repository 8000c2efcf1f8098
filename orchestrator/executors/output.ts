/**
 * Follows a growing file from the last recorded byte. Every step records the events of a range of bytes together with the range, in one
 * transaction, so that a crash at any point neither loses nor repeats any of them: the next process goes on at the recorded offset.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { AttemptContext, AttemptEvent } from "./executor.ts";

/** Turns bytes into events. Keeps no state that could not be had again from the offset. */
export type Framer = {
  /**
   * Takes from the beginning of `bytes`, which lie at `offset` in the file. Bytes that were not taken come again, with more behind them.
   * @param flush the file does not grow at the moment; @param ended it never will
   */
  take(bytes: Buffer, offset: number, how: { flush: boolean; ended: boolean }): { length: number; events: AttemptEvent[] };
  /** True where no byte from `offset` on makes an event, so that the rest need not be read. */
  skipsFrom?(offset: number): boolean;
};

const smallestRead = 64 * 1024;
/** A line longer than this is taken in pieces by whoever frames lines. */
export const largestRead = 16 * 1024 * 1024;
const staleMs = 1_000;
const skipMs = 1_000;

export class OutputTail {
  readonly #path: string;
  readonly #record: AttemptContext["record"];
  readonly #framer: Framer;
  #offset: number;
  #file: FileHandle | undefined;
  #seenSize = 0;
  #grewAtMs = 0;
  #skippedAtMs = 0;

  constructor(options: { path: string; offset: number; record: AttemptContext["record"]; framer: Framer }) {
    this.#path = options.path;
    this.#offset = options.offset;
    this.#record = options.record;
    this.#framer = options.framer;
  }

  /** Records what has come; with `ended` everything to the end of the file. Calls must not overlap. */
  async pump(ended: boolean): Promise<void> {
    this.#file ??= await openIfThere(this.#path);
    if (this.#file === undefined) return;
    const nowMs = performance.now();
    const { size } = await this.#file.stat();
    if (size !== this.#seenSize) this.#grewAtMs = nowMs;
    this.#seenSize = size;
    const flush = nowMs - this.#grewAtMs >= staleMs;

    let readLength = smallestRead;
    while (this.#offset < size) {
      if (this.#framer.skipsFrom?.(this.#offset)) {
        if (!ended && nowMs - this.#skippedAtMs < skipMs) return;
        this.#skippedAtMs = nowMs;
        await this.#advance(size, []);
        return;
      }
      const bytes = await this.#read(Math.min(readLength, size - this.#offset));
      const whole = this.#offset + bytes.length >= size;
      const taken = this.#framer.take(bytes, this.#offset, { flush: flush && whole, ended: ended && whole });
      if (taken.length > 0) {
        await this.#advance(this.#offset + taken.length, taken.events);
        readLength = smallestRead;
      } else if (whole) return;
      else readLength *= 2;
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #advance(toOffset: number, events: AttemptEvent[]): Promise<void> {
    await this.#record({ fromOffset: this.#offset, toOffset, events });
    this.#offset = toOffset;
  }

  async #read(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await (this.#file as FileHandle).read(bytes, filled, length - filled, this.#offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
