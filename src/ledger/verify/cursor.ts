/** Rows that come in pages, looked at one by one. Waits only at the end of a page: most accounts fit into one. */
import type { Pages } from '../store.ts';

export class Cursor<Row> {
  readonly #pages: Iterator<readonly Row[]> | AsyncIterator<readonly Row[]>;
  #page: readonly Row[] = [];
  #next = 0;
  #ended = false;

  constructor(pages: Pages<Row>) {
    this.#pages = Symbol.asyncIterator in pages ? pages[Symbol.asyncIterator]() : pages[Symbol.iterator]();
  }

  /** The row ahead; undefined at the end, and when a page must be waited for first (`dry`). */
  get row(): Row | undefined {
    return this.#page[this.#next];
  }

  /** True when `load` must be awaited before `row` tells anything. */
  get dry(): boolean {
    return !this.#ended && this.#next >= this.#page.length;
  }

  async load(): Promise<void> {
    while (this.dry) {
      const { done, value } = await this.#pages.next();
      this.#next = 0;
      this.#page = done === true ? [] : value;
      this.#ended = done === true;
    }
  }

  /** Goes past the row ahead. */
  skip(): void {
    this.#next += 1;
  }
}
