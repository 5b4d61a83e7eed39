// SPDX-License-Identifier: GPL-2.0-only
// Each fault is planted in the memory of a real host and must be found by its name; a near miss beside it must not.
import { hex } from '@spte/core';
import { checkHost, type HostCheck, type KvmHost, mmuOfRoot, openKvm, slotFinder, type Vm } from '@spte/kvm';
import { type ChangedDump, DUMP_NAMES, type DumpName, realDump } from '@spte/testing/dumps';
import { MissingMemory, openKernel } from '@spte/vmcore';
import { type WalkEntry, walk } from '@spte/walk';
import { describe, expect, it } from 'vitest';

const hosts = new Map<DumpName, KvmHost>();

/** A host as it was. */
function hostOf(name: DumpName): KvmHost {
  const known = hosts.get(name) ?? openKvm(openKernel(realDump(name)));
  hosts.set(name, known);
  return known;
}

type Plant = (dump: ChangedDump, host: KvmHost, vm: Vm) => void;

/** A host with something planted in its first VM. */
function planted(plant: Plant, name: DumpName = 'svm61-two'): KvmHost {
  const before = hostOf(name);
  const dump = realDump(name);
  plant(dump, before, before.vms[0] as Vm);
  return openKvm(openKernel(dump));
}

const check = (plant: Plant, name?: DumpName): HostCheck => checkHost(planted(plant, name));

/** What was found, in short. */
const found = ({ results }: HostCheck): string[] => results.map(({ weight, code }) => `${weight} ${code}`);

/** Entries of the root of the first VM that is no SMM root. */
function entriesOf(host: KvmHost, vm: Vm): WalkEntry[] {
  const root = vm.roots.find(({ smm }) => !smm);
  const mmu = root === undefined ? null : mmuOfRoot(host, vm, root);
  if (root === undefined || mmu === null) throw new Error('no root');
  return [...walk(mmu, host.kernel.dump, { root: root.hpa, level: root.level })];
}

const leavesOf = (host: KvmHost, vm: Vm): WalkEntry[] =>
  entriesOf(host, vm).filter(({ kind }) => kind === 'leaf');

const findLeaf = (host: KvmHost, vm: Vm, test: (leaf: WalkEntry, gfn: bigint) => boolean): WalkEntry => {
  const leaf = leavesOf(host, vm).find((one) => test(one, one.gpa >> 12n));
  if (leaf === undefined) throw new Error('no such leaf');
  return leaf;
};

const ADDRESS = 0x000f_ffff_ffff_f000n;
const isWritable = ({ spte }: WalkEntry): boolean => (spte & 2n) !== 0n;
const inSlot = (vm: Vm, id: number, gfn: bigint): boolean =>
  vm.slots.some(
    (slot) => slot.asId === 0 && slot.id === id && gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages,
  );

/** Writes a member of the slot with an id. */
function pokeSlot(dump: ChangedDump, host: KvmHost, vm: Vm, id: number, member: string, word: bigint): void {
  const { kvm, kernel } = host;
  const slots = kvm.struct('kvm_memslots', kvm.struct('kvm', vm.address).get('memslots[0]'));
  const type = kvm.struct('kvm_memory_slot', 0n).type;
  const offset = type.offsetOf(`gfn_node[${slots.number('node_idx')}]`);
  const pending = [kernel.memory.u64(slots.addressOf('gfn_tree'))];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node === 0n) continue;
    pending.push(kernel.memory.u64(node + 8n), kernel.memory.u64(node + 16n));
    const slot = kvm.struct('kvm_memory_slot', node - offset);
    if (slot.number('id') !== id) continue;
    const at = kernel.memory.physical(slot.addressOf(member));
    // Flags have 32 bits, with the id behind them.
    const bytes = member === 'flags' ? 4 : 8;
    dump.poke(
      at,
      Uint8Array.from({ length: bytes }, (_, i) => Number((word >> BigInt(8 * i)) & 255n)),
    );
  }
}

describe.each(DUMP_NAMES)('a healthy host, %s', (name) => {
  it('has no error and nothing suspicious', () => {
    const { results, undecided, entries } = checkHost(hostOf(name));
    expect(results.filter(({ weight }) => weight !== 'note')).toEqual([]);
    expect(undecided).toEqual([]);
    expect(entries).toBeGreaterThan(200);
  });
});

describe('an error is found by its name, and a near miss is not', () => {
  it('bad-entry', () => {
    const plant =
      (bit: bigint): Plant =>
      (dump, host, vm) => {
        const { address, spte } = findLeaf(host, vm, () => true);
        dump.poke64(address, spte ^ bit);
      };
    const { results } = check(plant(1n << 45n));
    expect(results).toMatchObject([
      { code: 'reserved-bits', weight: 'error', pid: 202, entry: { level: 1 } },
    ]);
    // The accessed bit may be clear.
    expect(found(check(plant(0x20n)))).toEqual([]);
  });

  it('mask-differs', () => {
    const plant =
      (symbol: string, value: bigint): Plant =>
      (dump, { kernel, kvm }) =>
        dump.poke64(kernel.memory.physical(kvm.symbol(symbol)?.address ?? 0n), value);
    const { results } = check(plant('shadow_mmu_writable_mask', 0x800n));
    expect(results[0]).toMatchObject({ code: 'mask-differs', weight: 'error', pid: null });
    expect(results[0]?.text).toContain('shadow_mmu_writable_mask is 0x800, computed 0x400');
    // What stands behind a mask of one byte is another variable.
    expect(found(check(plant('shadow_phys_bits', 0xff01_0128n)))).toEqual([]);
  });

  it('read-only-slot', () => {
    const plant =
      (flags: bigint): Plant =>
      (dump, host, vm) => {
        const writable = findLeaf(host, vm, isWritable);
        const leaf = findLeaf(host, vm, (_, gfn) => inSlot(vm, 2, gfn));
        dump.poke64(leaf.address, (writable.spte & ~ADDRESS) | (leaf.spte & ADDRESS));
        pokeSlot(dump, host, vm, 2, 'flags', flags);
      };
    const { results } = check(plant(2n));
    expect(results).toMatchObject([{ code: 'read-only-slot', weight: 'error' }]);
    expect(results[0]?.text).toContain('slot 2');
    expect(found(check(plant(0n)))).toEqual([]);
  });

  it('no-slot', () => {
    const plant =
      (npages: bigint): Plant =>
      (dump, host, vm) =>
        pokeSlot(dump, host, vm, 4, 'npages', npages);
    const host = hostOf('svm61-two');
    const vm = host.vms[0] as Vm;
    const last = leavesOf(host, vm).at(-1)?.gpa ?? 0n;
    const pages = (last >> 12n) - 0x100000n + 1n;
    expect(found(check(plant(pages)))).toEqual([]);
    const { results } = check(plant(pages - 1n));
    expect(results).toMatchObject([{ code: 'no-slot', weight: 'error' }]);
    expect(results[0]?.text).toContain(hex(last >> 12n));
  });

  it('dirty-bit-clear', () => {
    const plant =
      (test: (leaf: WalkEntry) => boolean): Plant =>
      (dump, host, vm) => {
        const slot = vm.slots.find(({ id }) => id === 1);
        const bitmap = slot?.dirtyBitmap ?? 0n;
        const leaf = findLeaf(host, vm, (one, gfn) => inSlot(vm, 1, gfn) && test(one));
        const bit = (leaf.gpa >> 12n) - (slot?.baseGfn ?? 0n);
        const at = bitmap + (bit >> 3n);
        const byte = Number(host.kernel.memory.word(at, 1)) & ~(1 << Number(bit & 7n));
        dump.poke(host.kernel.memory.physical(at), Uint8Array.of(byte));
      };
    expect(found(check(plant(isWritable)))).toEqual(['error dirty-bit-clear']);
    expect(found(check(plant((leaf) => !isWritable(leaf))))).toEqual([]);
  });

  it('a table outside all memory', () => {
    const plant: Plant = (dump, host, vm) => {
      const table = entriesOf(host, vm).find(({ kind, level }) => kind === 'table' && level === 2);
      dump.poke64(table?.address ?? 0n, ((table?.spte ?? 0n) & ~ADDRESS) | 0xffff_f000n);
    };
    expect(found(check(plant))).toEqual(expect.arrayContaining(['error table-hole']));
  });
});

describe('what is suspicious is found, and a near miss is not', () => {
  it('counter-differs', () => {
    const plant =
      (more: bigint): Plant =>
      (dump, { kvm, kernel }, vm) => {
        const stat = kvm.struct('kvm', vm.address).inner('stat');
        dump.poke64(
          kernel.memory.physical(stat.addressOf('pages_4k')),
          BigInt(vm.stats['pages_4k'] ?? 0) + more,
        );
      };
    const { results } = check(plant(2n));
    expect(results).toMatchObject([{ code: 'counter-differs', weight: 'suspicious', pid: 202 }]);
    expect(results[0]?.text).toContain('pages_4k is 2190, there are 2188 leaves');
    // As many as it has vCPUs may be on their way.
    expect(found(check(plant(1n)))).toEqual([]);
  });

  it('unknown-root', () => {
    const plant: Plant = (dump, { kvm, kernel }, vm) => {
      const vcpu = kvm.struct('kvm_vcpu', vm.vcpus[0]?.address ?? 0n);
      dump.poke64(kernel.memory.physical(vcpu.addressOf('arch.root_mmu.prev_roots[1].hpa')), 0xffff_f000n);
    };
    const host = planted(plant);
    const root = host.vms[0]?.roots.find(({ hpa }) => hpa === 0xffff_f000n);
    expect(root).toMatchObject({
      kind: 'shadow',
      level: 4,
      flags: ['previous'],
      rootCount: null,
      page: null,
    });
    const result = checkHost(host);
    expect(found(result)).toEqual(['suspicious unknown-root']);
    expect(result.undecided).toMatchObject([
      { pid: 202, what: 'root 0xfffff000' },
      { pid: 202, what: 'counters of mapped pages', why: 'the table at 0xfffff000 is not in the dump' },
      { pid: null, what: 'tables that no root reaches' },
    ]);
  });
});

describe('a table of the TDP MMU that no root reaches', () => {
  const cut: Plant = (dump, host, vm) => {
    const table = entriesOf(host, vm).find(({ kind, level }) => kind === 'table' && level === 2);
    dump.poke64(table?.address ?? 0n, 0n);
  };
  const symbolAt = (host: KvmHost, name: string): bigint =>
    host.kernel.memory.physical(host.kernel.symbols.address(name) ?? 0n);

  it('is found by its page', () => {
    const table = entriesOf(hostOf('svm61-two'), hostOf('svm61-two').vms[0] as Vm).find(
      ({ kind, level }) => kind === 'table' && level === 2,
    );
    const { results } = check(cut);
    expect(results.map(({ code, weight }) => [code, weight])).toEqual([
      ['counter-differs', 'suspicious'],
      ['unreached-table', 'suspicious'],
    ]);
    expect(results[1]?.text).toContain(`${hex(table?.child ?? 0n)}, level 1, gfn `);
  });

  it('is none of the shadow MMU, nor one whose page says something else', () => {
    const plant: Plant = (dump, host, vm) => {
      cut(dump, host, vm);
      const table = entriesOf(host, vm).find(({ kind, level }) => kind === 'table' && level === 2);
      const { memory, vmcoreinfo, symbols } = host.kernel;
      const pages = memory.u64(symbols.address('vmemmap_base') ?? 0n);
      const page = pages + ((table?.child ?? 0n) >> 12n) * (vmcoreinfo.size('page') ?? 0n);
      const at = memory.physical(page + (vmcoreinfo.offset('page.private') ?? 0n));
      dump.poke64(at, memory.u64(symbols.address('page_offset_base') ?? 0n) + (1n << 45n));
    };
    expect(found(check(plant))).toEqual(['suspicious counter-differs']);
  });

  it('may be anywhere, where not all could be looked at', () => {
    const what = 'tables that no root reaches';
    const hidden: Plant = (dump, host, vm) => {
      cut(dump, host, vm);
      const at = host.kernel.memory.u64(host.kernel.symbols.address('vmemmap_base') ?? 0n);
      dump.drop(Number(host.kernel.memory.physical(at + (0x366dn << 6n)) >> 12n));
    };
    const { undecided } = check(hidden);
    expect(undecided.find((one) => one.what === what)).toMatchObject({
      pid: null,
      why: expect.any(String) as string,
    });
    const base: Plant = (dump, host) => dump.drop(Number(symbolAt(host, 'vmemmap_base') >> 12n));
    expect(check(base).undecided.map((one) => one.what)).toContain(what);
    const table: Plant = (dump, host, vm) => {
      const one = entriesOf(host, vm).find(({ kind, level }) => kind === 'table' && level === 2);
      dump.drop(Number((one?.child ?? 0n) >> 12n));
    };
    expect(check(table).undecided.slice(1)).toMatchObject([
      { pid: 202, what: 'counters of mapped pages' },
      { pid: null, what, why: 'not every table could be looked at' },
    ]);
  });

  it('is not looked for where the kernel does not say where its pages are, or has too many', () => {
    const host = hostOf('svm61-two');
    const kernel = (changed: object): KvmHost => {
      const own = Object.create(
        host.kernel,
        Object.fromEntries(
          Object.entries(changed).map(([name, value]) => [name, { value: value as unknown }]),
        ),
      ) as KvmHost['kernel'];
      return { ...host, kvm: { ...host.kvm, kernel: own } };
    };
    expect(checkHost({ ...host, vms: [] })).toEqual({ results: [], undecided: [], entries: 0 });
    const why = (one: KvmHost): unknown => checkHost(one).undecided.at(-1)?.why;
    expect(why(kernel({ symbols: { address: () => null } }))).toBe(
      'the kernel does not say where it describes its pages',
    );
    const dump = { ...host.kernel.dump, runs: () => [{ start: 0, end: 1 << 23 }] };
    const memory = { u64: () => 0n, read: () => new Uint8Array(4096) };
    expect(why(kernel({ dump, memory }))).toBe('only the first 4194304 pages were looked through');
    const unmapped = {
      u64: () => 0n,
      read: () => {
        throw new MissingMemory(0n, 'unmapped', 'nothing is there');
      },
    };
    const video = { ...host.kernel.dump, runs: () => [{ start: 100, end: 300 }] };
    expect(why(kernel({ dump: video, memory: unmapped }))).toBeUndefined();
  });
});

describe('a note is made of', () => {
  it('shadow pages that no root reaches', () => {
    expect(found(checkHost(hostOf('svm61-shadow')))).toEqual([
      'note unreached-shadow-page',
      'note unreached-shadow-page',
    ]);
  });

  it('a page that two VMs write', () => {
    const plant: Plant = (dump, host, vm) => {
      const other = host.vms[1] as Vm;
      const mine = findLeaf(host, vm, isWritable);
      const theirs = findLeaf(host, other, isWritable);
      dump.poke64(theirs.address, (theirs.spte & ~ADDRESS) | (mine.spte & ADDRESS));
    };
    expect(found(check(plant))).toEqual(['note shared-page']);
  });

  it('entries of a root that is no longer used', () => {
    const plant: Plant = (dump, { kvm, kernel }, vm) => {
      const header = vm.roots[0]?.page?.header ?? 0n;
      const page = kvm.struct('kvm_mmu_page', header);
      const invalid = page.type.place('role.invalid').offset;
      const at = header + BigInt(invalid >> 3);
      const byte = Number(kernel.memory.word(at, 1)) | (1 << (invalid & 7));
      dump.poke(kernel.memory.physical(at), Uint8Array.of(byte));
      pokeSlot(dump, hostOf('svm61-two'), vm, 0, 'npages', 0x400n);
    };
    const host = planted(plant);
    expect(host.vms[0]?.roots[0]?.flags).toEqual(['smm', 'invalid']);
    expect(found(checkHost(host))).toEqual(['note invalid-root']);
  });
});

describe('where the page that decides is missing', () => {
  it('a table is not said to be wrong', () => {
    const plant: Plant = (dump, host, vm) => {
      const table = entriesOf(host, vm).find(({ kind, level }) => kind === 'table' && level === 2);
      dump.drop(Number((table?.child ?? 0n) >> 12n));
    };
    const result = check(plant);
    expect(found(result).filter((text) => text.startsWith('error'))).toEqual([]);
    expect(result.undecided[0]).toMatchObject({ pid: 202 });
    expect(result.undecided[0]?.why).toContain('is taken out (filtered)');
  });

  it('a root is not walked, and counters are not compared', () => {
    const plant: Plant = (dump, _host, vm) => dump.drop(Number((vm.roots[1]?.hpa ?? 0n) >> 12n));
    expect(check(plant).undecided[0]).toMatchObject({
      what: 'root 0x366f000',
      why: 'the table is not in the dump',
    });
    const shadow: Plant = (dump, host, vm) => {
      const reached = new Set(entriesOf(host, vm).map(({ child }) => child));
      const lone = vm.pages.active.find(({ hpa, rootCount }) => rootCount === 0 && !reached.has(hpa));
      dump.drop(Number((lone?.hpa ?? 0n) >> 12n));
    };
    const { undecided } = check(shadow, 'svm61-shadow');
    expect(undecided).toMatchObject([{ what: 'counters of mapped pages' }]);
  });

  it('a dirty bitmap decides nothing', () => {
    const plant: Plant = (dump, host, vm) => {
      const bitmap = vm.slots.find(({ id }) => id === 1)?.dirtyBitmap ?? 0n;
      dump.drop(Number(host.kernel.memory.physical(bitmap) >> 12n));
    };
    const { results, undecided } = check(plant);
    expect(results).toEqual([]);
    expect(undecided).toMatchObject([{ what: 'dirty bitmap of slot 1' }]);
  });

  it('what else was wanted is named, and the rest goes on', () => {
    const plant: Plant = (dump, { kvm, kernel }, vm) => {
      const slots = kvm.struct('kvm_memslots', kvm.struct('kvm', vm.address).get('memslots[0]'));
      const tree = kernel.memory.u64(slots.addressOf('gfn_tree'));
      dump.drop(Number(kernel.memory.physical(tree) >> 12n));
    };
    const host = planted(plant);
    expect(host.problems.length).toBeGreaterThan(0);
    expect(host.problems.map(({ what }) => what).join()).toContain('VM 202');
    expect(host.vms[1]?.slots.length).toBeGreaterThan(3);
  });
});

describe('a slot', () => {
  it('is found by its gfn', () => {
    const vm = hostOf('svm61-two').vms[0] as Vm;
    const find = slotFinder(vm.slots.toReversed());
    expect(find(0x400n, 0)?.id).toBe(1);
    expect(find(0xbffn, 0)?.id).toBe(1);
    expect([find(0xc00n, 0), find(1n << 40n, 0), find(0n, 7)]).toEqual([null, null, null]);
    expect(find(0n, 1)?.asId).toBe(1);
    expect(slotFinder(vm.slots)(0xbffn, 0)?.id).toBe(1);
  });
});
