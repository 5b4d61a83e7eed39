// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import type { KernelMemory } from './kernel-memory.ts';
import { KernelError } from './missing-memory.ts';

/** Nodes of a list or tree, at most, where the caller knows no better. */
const MAX_NODES = 1 << 20;

/** Nodes above each other in a tree: a red-black tree of 2^60 nodes has no more. */
const MAX_HEIGHT = 128;

/** Bits of an index that a node of an xarray resolves, and its slots. */
const XA_SHIFT = 6;
const XA_SLOTS = 64;

/** Marks an entry of an xarray that points to a node; smaller ones do not. */
const XA_INTERNAL = 2n;
const XA_MIN_NODE = 4096n;

/**
 * The nodes of a list: a `struct list_head` for each, without the head.
 *
 * A head that was never initialised (0) is an empty list.
 *
 * @param head address of the head
 * @throws KernelError when the list does not come back to its head within `max` nodes
 * @throws MissingMemory when a node is not in the dump
 */
export function* listNodes(
  memory: KernelMemory,
  head: bigint,
  max: number = MAX_NODES,
): Generator<bigint, void> {
  let count = 0;
  // A list that does not come back runs in a circle: a slow second walker meets the first one there.
  let turtle = head;
  for (let node = memory.u64(head); node !== head && node !== 0n; node = memory.u64(node)) {
    if (node === turtle || count === max) {
      throw new KernelError(
        `the list at ${hex(head)} does not come back to its head: it is damaged or was changed`,
      );
    }
    yield node;
    count++;
    if ((count & (count - 1)) === 0) turtle = node;
  }
}

/** Members of `struct rb_node`, in bytes. */
const RB_RIGHT = 8n;
const RB_LEFT = 16n;

/**
 * The nodes of a red-black tree, in order.
 *
 * @param root address of the `struct rb_root`
 * @throws KernelError when it has more than `max` nodes, or is higher than any tree
 * @throws MissingMemory when a node is not in the dump
 */
export function* treeNodes(
  memory: KernelMemory,
  root: bigint,
  max: number = MAX_NODES,
): Generator<bigint, void> {
  const above: bigint[] = [];
  let count = 0;
  let node = memory.u64(root);
  for (;;) {
    for (; node !== 0n; node = memory.u64(node + RB_LEFT)) {
      if (above.length === MAX_HEIGHT)
        throw new KernelError(`the tree at ${hex(root)} is damaged: it is too high`);
      above.push(node);
    }
    const next = above.pop();
    if (next === undefined) return;
    if (count++ === max)
      throw new KernelError(`the tree at ${hex(root)} has more than ${max} nodes: it is damaged`);
    yield next;
    node = memory.u64(next + RB_RIGHT);
  }
}

/** Where the members of the kernel's xarray are, in bytes. */
export interface XarrayOffsets {
  readonly head: bigint;
  readonly shift: bigint;
  readonly slots: bigint;
}

/**
 * The entries of an xarray, in order: index and value. Values are as stored: a pointer, or a number times two plus one.
 *
 * @param array address of the `struct xarray`
 * @throws KernelError when its nodes are no tree, or it has more than `max` entries and nodes
 * @throws MissingMemory when a node is not in the dump
 */
export function* xarrayEntries(
  memory: KernelMemory,
  array: bigint,
  offsets: XarrayOffsets,
  max: number = MAX_NODES,
): Generator<readonly [index: bigint, entry: bigint], void> {
  let left = max;
  function* below(entry: bigint, index: bigint, above: number): Generator<readonly [bigint, bigint], void> {
    const isInternal = (entry & 3n) === XA_INTERNAL;
    // Small internal entries say that a neighbour counts for this slot, too.
    if (entry === 0n || (isInternal && entry <= XA_MIN_NODE)) return;
    // Nodes count as well: a damaged array may have any number without an entry.
    if (left-- === 0)
      throw new KernelError(`the xarray at ${hex(array)} has more than ${max} entries and nodes`);
    if (!isInternal) {
      yield [index, entry];
      return;
    }
    const node = entry - XA_INTERNAL;
    const shift = Number(memory.word(node + offsets.shift, 1));
    if (shift >= above || shift % XA_SHIFT !== 0) {
      throw new KernelError(
        `the xarray at ${hex(array)} is damaged: a node at ${hex(node)} has shift ${shift}`,
      );
    }
    for (let slot = 0n; slot < BigInt(XA_SLOTS); slot++) {
      const next = memory.u64(node + offsets.slots + slot * 8n);
      yield* below(next, index + (slot << BigInt(shift)), shift);
    }
  }
  yield* below(memory.u64(array + offsets.head), 0n, 64);
}
