// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { mmuOfRoot, openKvm } from '@spte/kvm';
import { DUMP_NAMES, realDump, truthOf } from '@spte/testing/dumps';
import { openKernel } from '@spte/vmcore';
import { translate, walk } from '@spte/walk';
import { describe, expect, it } from 'vitest';

const hex16 = (word: bigint) => word.toString(16).padStart(16, '0');

/** A line of a walk as the truths have it. */
const line = ({ level, gpa, spte, kind }: { level: number; gpa: bigint; spte: bigint; kind: string }) =>
  `L${level} gpa 0x${gpa.toString(16).padStart(12, '0')} spte ${hex16(spte)} ${kind}`;

describe.each(DUMP_NAMES)('KVM in %s', (name) => {
  const truth = truthOf(name);
  const dump = realDump(name);
  const host = openKvm(openKernel(dump));

  it('has nothing that could not be read', () => {
    expect(host.problems).toEqual([]);
    expect([host.vendor, host.kvm.kind]).toEqual([truth.vms.vendor, 'module']);
  });

  it('has the masks and parameters of the running kernel', () => {
    const symbols = Object.fromEntries(host.symbols.map(({ name, value }) => [name, value]));
    for (const [symbol, word] of Object.entries(truth.vms.masks)) {
      if (!symbol.startsWith('shadow_')) continue;
      const width = host.symbols.find(({ name }) => name === symbol)?.size ?? 0;
      const value = BigInt.asUintN(8 * width, BigInt(`0x${word}`));
      expect([symbol, hex16(symbols[symbol] as bigint)]).toEqual([symbol, hex16(value)]);
    }
    expect(host.params).toMatchObject(truth.vms.params);
  });

  it('has the masks that its rules lead to on this machine', () => {
    expect(host.checks.length).toBeGreaterThan(20);
    expect(host.checks.filter(({ agree }) => !agree)).toEqual([]);
  });

  it('has the VMs that ran', () => {
    const found = host.vms.map(({ pid, comm, generation, vcpus, roots, stats }) => ({
      pid,
      comm,
      generation: hex(generation),
      vcpus: vcpus.map(({ id, root, guestMode }) => ({
        id,
        root: root === null ? null : hex(root),
        guestMode,
      })),
      roots: roots.map(({ hpa, kind, level, role, smm }) => ({
        hpa: hex(hpa),
        kind,
        level,
        role: hex(role),
        smm,
      })),
      stats: Object.fromEntries(Object.entries(stats).map(([key, count]) => [`stat.${key}`, count])),
    }));
    expect(found).toMatchObject(
      truth.vms.vms.map(({ pid, comm, generation, vcpus, roots, stats }) => ({
        pid,
        comm,
        generation,
        vcpus: vcpus.map(({ id, root, guestMode }) => ({ id, root, guestMode })),
        roots: roots.map(({ hpa, kind, level, role, smm }) => ({ hpa, kind, level, role, smm })),
        stats,
      })),
    );
    expect(found.map(({ roots }) => roots.length)).toEqual(truth.vms.vms.map(({ roots }) => roots.length));
  });

  it('has their slots', () => {
    const sorted = <Slot extends { asId: number; id: number }>(slots: readonly Slot[]) =>
      slots.toSorted((a, b) => a.asId - b.asId || a.id - b.id);
    for (const [index, vm] of host.vms.entries()) {
      const expected = truth.vms.vms[index]?.slots.map(
        ({ as_id: asId, id, base_gfn, npages, hva, flags }) => ({
          asId,
          id,
          baseGfn: BigInt(base_gfn),
          npages: BigInt(npages),
          hva: BigInt(hva),
          flags,
        }),
      );
      expect(sorted(vm.slots)).toMatchObject(sorted(expected ?? []));
      expect(vm.slots).toHaveLength(expected?.length ?? 0);
    }
  });

  it('has every entry below every root, and finds nothing wrong with any', () => {
    for (const [index, vm] of host.vms.entries()) {
      for (const root of vm.roots) {
        const mmu = mmuOfRoot(host, vm, root);
        if (mmu === null) throw new Error('no machine');
        const entries = [...walk(mmu, dump, { root: root.hpa, level: root.level })];
        expect(entries.flatMap(({ findings }) => findings)).toEqual([]);
        const file = truth.vms.vms[index]?.roots.find(({ hpa }) => BigInt(hpa) === root.hpa)?.walk ?? '';
        const expected = truth.walks[file.replace(/\.gz$/, '')]?.trim().split('\n') ?? [];
        expect(entries.map(line)).toEqual(
          expected.filter((text) => !text.includes(' spte 8000000000000000 ')),
        );
      }
    }
  });

  it('translates addresses as the VM’s process has them', () => {
    let count = 0;
    for (const [index, vm] of host.vms.entries()) {
      const root = vm.roots.find(({ smm }) => !smm);
      const mmu = mmuOfRoot(host, vm, root);
      for (const { gpa, hpa } of truth.vms.vms[index]?.pagemap ?? []) {
        if (root === undefined || mmu === null) throw new Error('no root');
        expect([gpa, translate(mmu, dump, { root: root.hpa, level: root.level }, BigInt(gpa)).hpa]).toEqual([
          gpa,
          // The process has no page there.
          hpa === '0' ? null : BigInt(hpa),
        ]);
        count++;
      }
    }
    expect(count).toBeGreaterThan(40);
  });
});
