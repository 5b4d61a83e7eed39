// SPDX-License-Identifier: GPL-2.0-only
import { listNodes, openKernel, treeNodes, xarrayEntries } from '@spte/vmcore';
import { describe, expect, it } from 'vitest';
import { FREE, madeKernel } from './made-kernel.ts';

const { dump, write64 } = madeKernel();
const fresh = () => openKernel(dump).memory;
const node = (index: number): bigint => FREE + BigInt(index * 0x40);

/** Writes a list: each node points to the next. */
function chain(...nodes: readonly number[]): void {
  nodes.forEach((at, index) => {
    const next = nodes[index + 1];
    if (next !== undefined) write64(node(at), node(next));
  });
}

describe('a list', () => {
  it('has the nodes between its head and its head', () => {
    chain(0, 3, 1, 2, 0);
    expect([...listNodes(fresh(), node(0))]).toEqual([node(3), node(1), node(2)]);
  });

  it('is empty when it points to itself, or was never initialised', () => {
    chain(0, 0);
    expect([...listNodes(fresh(), node(0))]).toEqual([]);
    write64(node(0), 0n);
    expect([...listNodes(fresh(), node(0))]).toEqual([]);
  });

  it('that runs in a circle is left', () => {
    for (const circle of [[1], [1, 2], [1, 2, 3, 4, 5, 6, 7]]) {
      chain(0, ...circle, circle[0] as number);
      const seen: bigint[] = [];
      expect(() => {
        for (const at of listNodes(fresh(), node(0))) seen.push(at);
      }).toThrow(`the list at 0xffffffff81020000 does not come back to its head`);
      expect(seen.length).toBeLessThan(40);
    }
    chain(0, 5, 6, 7, 8, 6);
    expect(() => [...listNodes(fresh(), node(0))]).toThrow('does not come back');
  });

  it('of more than the caller expects is left', () => {
    chain(0, 1, 2, 3, 0);
    expect([...listNodes(fresh(), node(0), 3)]).toHaveLength(3);
    expect(() => [...listNodes(fresh(), node(0), 2)]).toThrow('does not come back');
  });
});

describe('a tree', () => {
  const tree = (at: number, left: number | null, right: number | null): void => {
    write64(node(at) + 8n, right === null ? 0n : node(right));
    write64(node(at) + 16n, left === null ? 0n : node(left));
  };

  it('has its nodes in order', () => {
    write64(node(0), node(4));
    tree(4, 2, 6);
    tree(2, 1, 3);
    tree(6, 5, null);
    for (const at of [1, 3, 5]) tree(at, null, null);
    expect([...treeNodes(fresh(), node(0))]).toEqual([1, 2, 3, 4, 5, 6].map(node));
    expect(() => [...treeNodes(fresh(), node(0), 5)]).toThrow('has more than 5 nodes: it is damaged');
    write64(node(0), 0n);
    expect([...treeNodes(fresh(), node(0))]).toEqual([]);
  });

  it('that runs in a circle is left', () => {
    write64(node(0), node(1));
    tree(1, 1, null);
    expect(() => [...treeNodes(fresh(), node(0))]).toThrow('is damaged: it is too high');
    tree(1, null, 1);
    expect(() => [...treeNodes(fresh(), node(0), 100)]).toThrow('has more than 100 nodes');
  });
});

describe('an xarray', () => {
  const offsets = { head: 8n, shift: 0n, slots: 0x28n };
  const array = FREE + 0x3000n;
  const first = FREE + 0x4000n;
  const second = FREE + 0x5000n;
  const slot = (at: bigint, index: number, entry: bigint): void =>
    write64(at + 0x28n + BigInt(8 * index), entry);
  const entries = (max?: number) => [...xarrayEntries(fresh(), array, offsets, max)];

  it('has nothing, or one entry in its head', () => {
    write64(array + 8n, 0n);
    expect(entries()).toEqual([]);
    write64(array + 8n, FREE);
    expect(entries()).toEqual([[0n, FREE]]);
    write64(array + 8n, 0x15n);
    expect(entries()).toEqual([[0n, 0x15n]]);
  });

  it('has entries in nodes, without those that stand for a neighbour', () => {
    write64(array + 8n, first + 2n);
    write64(first, 6n);
    write64(second, 0n);
    slot(first, 2, second + 2n);
    slot(second, 0, FREE);
    slot(second, 1, 2n);
    slot(second, 63, FREE + 8n);
    expect(entries()).toEqual([
      [128n, FREE],
      [191n, FREE + 8n],
    ]);
    expect(entries(4)).toHaveLength(2);
    expect(() => entries(3)).toThrow('has more than 3 entries and nodes');
  });

  it('whose nodes are no tree is left', () => {
    write64(second, 6n);
    expect(() => entries()).toThrow('is damaged: a node at 0xffffffff81025000 has shift 6');
    write64(second, 3n);
    expect(() => entries()).toThrow('has shift 3');
    write64(first, 66n);
    expect(() => entries()).toThrow('has shift 66');
  });
});
