/** Results that come in any order, sent out in theirs. */

import type { Bytes } from "../types.js";
import type { Emit } from "./message.js";

/** Sends out the results of chunks in the order in which their places were taken, several of them joined to one array. */
export class OrderedOutput {
  /** What goes out next; the first one is not complete yet. */
  private readonly groups: Group[] = [];
  /** Chunks that have a place and did not go out yet. */
  waiting = 0;

  /** Joins up to `joined` chunks; all but the last chunk of a message give `chunkLength` bytes. */
  constructor(
    private readonly joined: number,
    private readonly chunkLength: number,
    private readonly emit: Emit,
  ) {}

  /** Takes the next chunk's place; the function puts its result there. `left` chunks, this one among them, may be joined. */
  place(left: number): (result: ArrayBuffer) => void {
    let group = this.groups.at(-1);
    if (group === undefined || group.taken === group.size) {
      group = { size: Math.min(this.joined, left), taken: 0, missing: 0, bytes: undefined };
      group.missing = group.size;
      this.groups.push(group);
    }
    const at = group.taken * this.chunkLength;
    group.taken += 1;
    this.waiting += 1;
    return (result) => {
      this.put(result, group, at);
      this.emitComplete();
    };
  }

  private put(result: ArrayBuffer, group: Group, at: number): void {
    group.missing -= 1;
    if (group.size === 1) {
      group.bytes = new Uint8Array(result);
      return;
    }
    group.bytes ??= new Uint8Array(group.size * this.chunkLength);
    group.bytes.set(new Uint8Array(result), at);
    // Gives the memory back now, for the next result, and not when it is collected. Older engines cannot.
    (result as Partial<Pick<ArrayBuffer, "transfer">>).transfer?.(0);
  }

  private emitComplete(): void {
    for (let first = this.groups[0]; first?.missing === 0; first = this.groups[0]) {
      this.groups.shift();
      this.waiting -= first.size;
      if (first.bytes !== undefined && first.bytes.length > 0) this.emit(first.bytes);
    }
  }
}

/** Chunks that go out as one array. */
interface Group {
  readonly size: number;
  /** Chunks that have their place in it. */
  taken: number;
  /** Chunks whose result has not come. */
  missing: number;
  bytes: Bytes | undefined;
}
