// SPDX-License-Identifier: GPL-2.0-only

/** Something that happened at a time. */
interface Timed {
  readonly timestamp: bigint;
}

/** A source with what comes next of it. */
interface Waiting<T extends Timed> {
  readonly events: Iterator<T, void>;
  /** Which of two sources goes first at the same time. */
  readonly index: number;
  next: T;
}

/**
 * Merges sources, each in order, into one: a heap whose top is the earliest, so that ten thousand sources cost little
 * more than two. Of two events at the same time that of the earlier source comes first.
 */
export function* inOrder<T extends Timed>(sources: readonly Iterator<T, void>[]): Generator<T, void> {
  const heap: Waiting<T>[] = [];
  for (const [index, events] of sources.entries()) {
    const { value } = events.next();
    if (value !== undefined) heap.push({ events, index, next: value });
  }
  // What is sorted is a heap.
  heap.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top.next;
    const { value } = top.events.next();
    if (value !== undefined) top.next = value;
    else {
      const last = heap.pop() as Waiting<T>;
      if (last !== top) heap[0] = last;
    }
    siftDown(heap);
  }
}

function isBefore(a: Waiting<Timed>, b: Waiting<Timed>): boolean {
  const { timestamp } = a.next;
  return timestamp < b.next.timestamp || (timestamp === b.next.timestamp && a.index < b.index);
}

/** Lets the top sink to where it belongs. */
function siftDown<T extends Timed>(heap: Waiting<T>[]): void {
  for (let at = 0; ; ) {
    const [top, left, right] = [heap[at], heap[2 * at + 1], heap[2 * at + 2]];
    if (top === undefined || left === undefined) return;
    const rightFirst = right !== undefined && isBefore(right, left);
    const first = rightFirst ? right : left;
    if (isBefore(top, first)) return;
    heap[at] = first;
    at = rightFirst ? 2 * at + 2 : 2 * at + 1;
    heap[at] = top;
  }
}
