// SPDX-License-Identifier: GPL-2.0-only
// What no host at hand has: other vendors' variables, roots of every sort, KVM built in, odd machines.
import {
  checkHost as checkAll,
  type HeldRoot,
  type HostCheck,
  type KvmHost,
  type KvmModules,
  kvmModules,
  memoryFacts,
  mmuOfRoot,
  openKvm,
  type Root,
  type Vcpu,
  type Vm,
} from '@spte/kvm';
import { type DumpName, realDump } from '@spte/testing/dumps';
import { type Kernel, KernelError, openKernel, type Struct } from '@spte/vmcore';
import { describe, expect, it } from 'vitest';
import { gfnsText } from '../src/check-results.ts';
import { shadowSymbols } from '../src/masks.ts';
import { kvmParameters } from '../src/params.ts';
import { Problems } from '../src/problems.ts';
import { listedPages, rootsOf } from '../src/roots.ts';
import { slotFlagNames } from '../src/slots.ts';
import { vmsOf } from '../src/vms.ts';

const hosts = new Map<DumpName, KvmHost>();
function hostOf(name: DumpName): KvmHost {
  const known = hosts.get(name) ?? openKvm(openKernel(realDump(name)));
  hosts.set(name, known);
  return known;
}

/** A check of some VMs of a host: the tables of the others hang on none of these. */
function checkHost(host: KvmHost): HostCheck {
  const { results, undecided, entries } = checkAll(host);
  return {
    results: results.filter(({ code }) => code !== 'unreached-table'),
    undecided: undecided.filter(({ pid }) => pid !== null),
    entries,
  };
}

/** Symbols of a kernel that are others: null takes one out. */
function withSymbols(kernel: Kernel, changed: Readonly<Record<string, bigint | null>>): Kernel {
  const symbols = {
    address: (name: string) => (name in changed ? changed[name] : kernel.symbols.address(name)),
    addresses: (name: string) => kernel.symbols.addresses(name),
    symbols: () => [
      { name: 'shadow_phys_bits', kind: 'B', address: changed['vm_list'] },
      { name: 'shadow_nx_mask', kind: 'd', address: changed['vm_list'] },
      { name: 'shadow_walk', kind: 't', address: 0n },
    ],
  };
  return Object.create(kernel, { symbols: { value: symbols } }) as Kernel;
}

const { kvm } = hostOf('svm61-two');
const nowhere = { symbol: () => null } as const;
const here = kvm.symbol('shadow_nx_mask')?.address ?? 0n;

describe('facts of a machine', () => {
  it('have defaults where a kernel has no such variable', () => {
    const bare: KvmModules = { ...kvm, ...nowhere };
    const vmx = memoryFacts(bare, 'vmx').config;
    expect(vmx.vendor).toEqual({
      name: 'vmx',
      options: { ept: true, eptAd: true, eptExecOnly: false, eptMaxPageLevel: 1, pml: true },
    });
    expect(vmx.host.cpuid80000008Eax).toBe(40);
    expect([vmx.root, vmx.mmioCaching, vmx.params.nxHugePages]).toEqual([{}, true, false]);
    const intel: KvmModules = { ...hostOf('vmx61-two').kvm, ...nowhere };
    expect(memoryFacts(intel, 'svm').config.vendor).toMatchObject({ options: { npt: true, smeMeMask: 0n } });
  });

  it('know pages of 2M only, and the parameter before there was a copy of it', () => {
    const intel = hostOf('vmx61-two').kvm;
    const dump = realDump('vmx61-two');
    const at = intel.kernel.memory.physical(intel.symbol('vmx_capability')?.address ?? 0n);
    dump.poke(at, Uint8Array.of(0, 0, 1, 0));
    const own = openKvm(openKernel(dump)).kvm;
    const some: KvmModules = {
      ...own,
      symbol: (name) => (name === 'allow_mmio_caching' ? null : own.symbol(name)),
    };
    const { facts, config } = memoryFacts(some, 'vmx');
    expect(facts.find(({ name }) => name === 'mmioCaching')?.symbol).toBe('enable_mmio_caching');
    expect(config.vendor).toMatchObject({ options: { eptMaxPageLevel: 2 } });
  });

  it('know the C-bit, in use or by the CPU', () => {
    const nx = hostOf('svm61-two').kvm.symbol('shadow_host_writable_mask')?.address ?? 0n;
    const sme = memoryFacts({ ...kvm, kernel: withSymbols(kvm.kernel, { sme_me_mask: nx }) }, 'svm').config
      .vendor;
    expect(sme).toMatchObject({ options: { smeMeMask: 0x200n, cpuid8000001fEbx: 9, syscfg: 1n << 23n } });
    const dump = realDump('svm61-two');
    const cpu = kvm.kernel.struct('cpuinfo_x86', kvm.kernel.symbols.address('boot_cpu_data') ?? 0n);
    dump.poke(kvm.kernel.memory.physical(cpu.addressOf('x86')), Uint8Array.of(0x17));
    const rome = openKvm(openKernel(dump)).facts?.config.vendor;
    expect(rome).toMatchObject({ options: { cpuid8000001fEbx: 47 } });
  });

  it('find the bugs behind one word or two', () => {
    const l1tf = (name: DumpName, changed: Readonly<Record<string, bigint | null>>) => {
      const own = hostOf(name).kvm;
      const kernel = withSymbols(own.kernel, changed);
      return memoryFacts({ ...own, kernel }, 'vmx').facts.find((fact) => fact.name === 'l1tf');
    };
    const gone = { x86_bug_flags: null, x86_cap_flags: null };
    expect(l1tf('vmx61-two', gone)).toMatchObject({
      value: true,
      symbol: 'boot_cpu_data.x86_capability[22]',
    });
    expect(l1tf('svm61-two', gone)).toMatchObject({ value: false });
    const one = { x86_bug_flags: 0x1000n, x86_cap_flags: 0x1100n };
    expect(l1tf('vmx61-two', one)).toMatchObject({ symbol: 'boot_cpu_data.x86_capability[23]' });
    const dump = realDump('vmx61-two');
    const { kernel } = hostOf('vmx61-two').kvm;
    const cpu = kernel.struct('cpuinfo_x86', kernel.symbols.address('boot_cpu_data') ?? 0n);
    dump.poke(kernel.memory.physical(cpu.addressOf('x86_capability[22]')), Uint8Array.of(0, 0, 0, 0));
    const changed = openKernel(dump);
    const other = memoryFacts({ ...hostOf('vmx61-two').kvm, kernel: withSymbols(changed, gone) }, 'vmx');
    expect(other.facts.find((fact) => fact.name === 'l1tf')?.symbol).toBe('boot_cpu_data.x86_capability[23]');
  });

  it('need some symbols', () => {
    const kernel = withSymbols(kvm.kernel, { boot_cpu_data: null });
    expect(() => memoryFacts({ ...kvm, kernel }, 'svm')).toThrow('the kernel has no symbol boot_cpu_data');
    const masked = memoryFacts(
      { ...kvm, kernel: withSymbols(kvm.kernel, { physical_mask: null, sme_me_mask: null }) },
      'svm',
    );
    expect(masked.config.host.physicalMask).toBeUndefined();
  });

  it('that no machine has are named, and predict nothing', () => {
    const dump = realDump('svm61-two');
    const cpu = kvm.kernel.struct('cpuinfo_x86', kvm.kernel.symbols.address('boot_cpu_data') ?? 0n);
    dump.poke(kvm.kernel.memory.physical(cpu.addressOf('x86_phys_bits')), Uint8Array.of(7));
    const host = openKvm(openKernel(dump));
    expect(host.problems).toMatchObject([{ what: 'what KVM found on the machine' }]);
    expect([host.predicted, host.checks]).toEqual([null, []]);
    expect(mmuOfRoot(host, null)).toBeNull();
    expect(checkHost(host).undecided.map(({ what }) => what)).toContain('root 0x366f000');
  });
});

describe('the release', () => {
  it('is the distribution’s where it says which', () => {
    expect(hostOf('svm73-two').facts?.config.kernel).toBe('7.3.4');
    const dump = realDump('svm61-two');
    const { memory, symbols } = kvm.kernel;
    const uts = symbols.address('init_uts_ns') ?? 0n;
    const version = memory.read(uts, 512);
    const at = Buffer.from(version).indexOf('Debian');
    dump.poke(memory.physical(uts + BigInt(at)), Uint8Array.of(0));
    expect(openKvm(openKernel(dump)).facts?.config.kernel).toBe('6.1.0-56-amd64');
  });
});

describe('KVM', () => {
  const headOf = (name: string): bigint => kvm.kernel.symbols.address(name) ?? 0n;

  it('that is not loaded is said to be that', () => {
    const dump = realDump('svm61-two');
    const modules = headOf('modules');
    dump.poke64(kvm.kernel.memory.physical(modules), modules);
    const host = openKvm(openKernel(dump));
    expect([host.kvm.kind, host.vendor, host.vms, host.problems]).toEqual(['none', null, [], []]);
    expect([host.symbols, host.kvm.symbol('vm_list'), host.kvm.symbolsNamed('shadow_')]).toEqual([
      [],
      null,
      [],
    ]);
    expect(() => host.kvm.struct('none', 0n)).toThrow(KernelError);
  });

  it('whose modules are not in the dump is a problem, and all that hangs on it', () => {
    const dump = realDump('svm61-two');
    const { memory } = kvm.kernel;
    dump.drop(Number(memory.physical(memory.u64(headOf('modules'))) >> 12n));
    const host = openKvm(openKernel(dump));
    expect(host.problems).toMatchObject([{ what: 'the modules of KVM' }]);
    expect([host.kvm.symbol('x'), host.kvm.symbolsNamed('x')]).toEqual([null, []]);
    expect(() => host.kvm.struct('list_head', 0n)).not.toThrow();
  });

  it('without a vendor has no facts', () => {
    const kernel = Object.create(kvm.kernel, {
      modules: { value: new Map([['kvm', kvm.kernel.modules.get('kvm')]]) },
    }) as Kernel;
    const host = openKvm(kernel);
    expect([host.vendor, host.facts, host.predicted]).toEqual([null, null, null]);
    expect(mmuOfRoot(host, null)).toBeNull();
    expect(host.vms).toHaveLength(2);
  });

  it('may be built in, with one vendor or both', () => {
    const builtIn = (changed: Readonly<Record<string, bigint | null>>) =>
      kvmModules(
        Object.create(withSymbols(kvm.kernel, { vm_list: here, ...changed }), {
          modules: { value: new Map() },
        }) as Kernel,
      );
    const svm = builtIn({ npt_enabled: kvm.symbol('npt_enabled')?.address ?? 0n });
    expect([svm.kind, svm.vendor]).toEqual(['built-in', 'svm']);
    expect(svm.symbol('vm_list')).toEqual({ name: 'vm_list', address: here, size: 0 });
    expect(svm.symbol('none')).toBeNull();
    expect(shadowSymbols(svm)).toEqual([
      { name: 'shadow_phys_bits', address: here, size: 1, value: 0n },
      { name: 'shadow_nx_mask', address: here, size: 8, value: 1n << 63n },
    ]);
    const zero = kvm.symbol('shadow_x_mask')?.address ?? 0n;
    const vmx = builtIn({ npt_enabled: zero, enable_ept: kvm.symbol('npt_enabled')?.address ?? 0n });
    expect(vmx.vendor).toBe('vmx');
    expect(builtIn({ npt_enabled: zero, enable_ept: null }).vendor).toBeNull();
    expect(svm.struct('list_head', 0n).type.bytes).toBe(16);
    const none = kvmModules(
      Object.create(withSymbols(kvm.kernel, { vm_list: null }), { modules: { value: new Map() } }) as Kernel,
    );
    expect([none.kind, none.types, none.symbolsNamed('shadow_')]).toEqual(['none', null, []]);
    expect(none.struct('list_head', 0n).type.bytes).toBe(16);
  });

  it('has parameters of its own kinds', () => {
    const nx = (...bytes: readonly number[]) => {
      const dump = realDump('svm61-two');
      dump.poke(
        kvm.kernel.memory.physical(kvm.symbol('nx_huge_pages')?.address ?? 0n),
        Uint8Array.from(bytes),
      );
      return openKvm(openKernel(dump)).params['kvm.nx_huge_pages'];
    };
    expect([nx(255, 255, 255, 255), nx(1, 0, 0, 0), nx(0, 0, 0, 0)]).toEqual(['never', 'Y', 'N']);
    const newer = hostOf('svm73-two').kvm;
    const dump = realDump('svm73-two');
    dump.poke(newer.kernel.memory.physical(newer.symbol('avic')?.address ?? 0n), Uint8Array.of(1, 0, 0, 0));
    expect(openKvm(openKernel(dump)).params['kvm_amd.avic']).toBe('Y');
    const intel = hostOf('vmx61-two').kvm;
    const flush = (changed: Readonly<Record<string, bigint | null>>) =>
      kvmParameters({ ...intel, kernel: withParameters(intel.kernel, changed) })[
        'kvm_intel.vmentry_l1d_flush'
      ];
    expect(flush({})).toBe('cond');
    expect(flush({ l1tf_vmx_mitigation: null })).toBe('???');
    expect(flush({ l1tf_vmx_mitigation: intel.symbol('shadow_nx_mask')?.address ?? 0n })).toBe('auto');
    expect(flush({ l1tf_vmx_mitigation: intel.symbol('shadow_memtype_mask')?.address ?? 0n })).toBe('???');
  });

  /** A kernel whose parameters are printed by the true one, asked for other symbols. */
  function withParameters(kernel: Kernel, changed: Readonly<Record<string, bigint | null>>): Kernel {
    const other = withSymbols(kernel, changed);
    return Object.create(other, {
      parameters: { value: kernel.parameters.bind(kernel) },
    }) as Kernel;
  }
});

describe('roots of every sort', () => {
  const vm = hostOf('svm61-two').vms[0] as Vm;
  const role = { role: 0x3n, level: 3, isSmm: true, isDirect: false };
  const held = (hpa: bigint, given: Partial<HeldRoot> = {}): HeldRoot => ({
    hpa,
    mmu: 'root_mmu',
    use: 'current',
    role,
    isPae: false,
    ...given,
  });
  const vcpu = (...roots: readonly HeldRoot[]): Vcpu => ({
    id: 0,
    address: 0n,
    root: null,
    guestMode: false,
    held: roots,
  });
  const page = vm.roots[0]?.page as NonNullable<Root['page']>;
  const roots = (
    vcpus: readonly Vcpu[],
    pages = { tdpRoots: [] as (typeof page)[], active: [] as (typeof page)[] },
  ) =>
    rootsOf(kvm, pages, vcpus).map(({ hpa, kind, flags, rootCount }) => [
      Number(hpa),
      kind,
      flags.join(),
      rootCount,
    ]);

  it('that vCPUs hold, without a header', () => {
    const dummy = kvm.kernel.memory.physical(kvm.kernel.symbols.address('empty_zero_page') ?? 0n);
    const plain = { ...role, isSmm: false };
    expect(
      roots([
        vcpu(
          held(0x1000n, { isPae: true }),
          held(0x2000n, { mmu: 'guest_mmu', use: 'previous', role: plain }),
          held(0x1000n),
          held(dummy, { role: plain }),
        ),
      ]),
    ).toEqual([
      [0x1000, 'shadow', 'smm,pae', null],
      [0x2000, 'shadow', 'nested,previous', null],
      [Number(dummy), 'shadow', 'dummy', null],
    ]);
    const without = { ...kvm, kernel: withSymbols(kvm.kernel, { empty_zero_page: null }) };
    expect(rootsOf(without, { tdpRoots: [], active: [] }, [vcpu(held(0x3000n))])).toHaveLength(1);
  });

  it('in lists, with what their role says', () => {
    const active = [
      { ...page, hpa: 0x1000n, rootCount: 1, isSmm: false, isGuestMode: true },
      { ...page, hpa: 0x2000n, rootCount: 0, isSmm: false },
      { ...page, hpa: 0x3000n, rootCount: 0 },
    ];
    const tdpRoots = [{ ...page, hpa: 0x5000n, isSmm: false, isMirror: true, isInvalid: true, rootCount: 2 }];
    expect(roots([vcpu(held(0x2000n, { mmu: 'guest_mmu' }), held(0x1000n))], { tdpRoots, active })).toEqual([
      [0x1000, 'shadow', 'nested', 1],
      [0x2000, 'shadow', 'nested', 0],
      [0x5000, 'tdp', 'mirror,invalid', 2],
    ]);
  });

  it('that a vCPU has only to use it again', () => {
    const active = [{ ...page, hpa: 0x1000n, rootCount: 1, isSmm: false }];
    expect(roots([vcpu(held(0x1000n, { use: 'previous' }))], { tdpRoots: [], active })).toEqual([
      [0x1000, 'shadow', 'previous', 1],
    ]);
    const none = { has: () => false } as unknown as Struct;
    expect(listedPages(kvm, none, new Problems(), 'VM 1')).toEqual({ tdpRoots: [], active: [] });
  });

  it('have an MMU each', () => {
    const host = hostOf('svm61-two');
    const intel = hostOf('vmx61-two');
    const root = vm.roots[0] as Root;
    const shadow: Root = { ...root, kind: 'shadow', page: { ...page, isDirect: false } };
    expect(mmuOfRoot(host, vm, root)?.root).toMatchObject({ kind: 'tdp', level: 4 });
    expect(mmuOfRoot(host, vm, shadow)?.root.kind).toBe('shadow');
    expect(mmuOfRoot(host, vm, { ...shadow, page })?.root.kind).toBe('tdp');
    expect(mmuOfRoot(host, vm, { ...shadow, page: null, level: 9 })?.root).toMatchObject({
      kind: 'shadow',
      level: 5,
    });
    expect(mmuOfRoot(intel, vm, { ...shadow, flags: ['nested'] })?.root.kind).toBe('ept12');
    expect(mmuOfRoot(intel, vm, shadow)?.root.kind).toBe('shadow');
    expect(mmuOfRoot(host, { ...vm, mmioValue: 5n })?.masks.vmMmioValue).toBe(5n);
    expect(mmuOfRoot({ ...host, masks: {} }, null)?.masks.nx).toBe(1n << 63n);
    const facts = {
      facts: [],
      get config(): never {
        throw new SyntaxError('a mistake');
      },
    };
    expect(() => mmuOfRoot({ ...host, facts }, null)).toThrow(SyntaxError);
  });
});

describe('a check', () => {
  const host = hostOf('svm61-two');
  const [vm] = host.vms as readonly [Vm];

  it('of anything that is not a table of SPTEs, or of nothing', () => {
    const zero = kvm.kernel.memory.physical(kvm.kernel.symbols.address('empty_zero_page') ?? 0n);
    const [root] = vm.roots as readonly [Root];
    const odd: Root[] = [
      { ...root, hpa: 1n << 40n, flags: ['dummy'] },
      { ...root, hpa: zero, level: 3, flags: ['pae'], page: null, kind: 'shadow' },
      { ...root, hpa: zero, flags: ['invalid'] },
    ];
    const check = checkHost({ ...host, vms: [{ ...vm, roots: odd, stats: {} }] });
    expect([check.results, check.undecided, check.entries]).toEqual([[], [], 0]);
  });

  it('lists a thousand results of a kind', () => {
    const { results, entries } = checkHost({ ...host, vms: [{ ...vm, slots: [] }] });
    expect(results).toHaveLength(1000);
    expect(results[0]?.code).toBe('no-slot');
    expect(entries).toBe(2241);
    const elsewhere = vm.slots.map((slot) => ({ ...slot, asId: 1 - slot.asId }));
    expect(checkHost({ ...host, vms: [{ ...vm, slots: elsewhere }] }).results).toEqual([]);
    const without = { ...host, facts: null, predicted: null, checks: [] };
    expect(checkHost({ ...without, vms: Array<Vm>(600).fill(vm) }).undecided).toHaveLength(1000);
    const shadow = hostOf('svm61-shadow');
    const check = checkHost({ ...shadow, facts: null });
    expect(check.results.every(({ code }) => code === 'unreached-shadow-page')).toBe(true);
    expect(check.undecided.map(({ what }) => what)).toEqual([
      'root 0x365c000',
      'counters of mapped pages',
      'root 0x329d000',
      'counters of mapped pages',
    ]);
  });

  it('does not ask for a bitmap where the CPU logs, or there is none', () => {
    const predicted = host.predicted as NonNullable<KvmHost['predicted']>;
    const none = vm.slots.map((slot) => ({ ...slot, dirtyBitmap: null }));
    expect(checkHost({ ...host, vms: [{ ...vm, slots: none }] }).results).toEqual([]);
    const pml = { ...predicted, masks: { ...predicted.masks, cpuDirtyLogSize: 512 } };
    const zeroes = kvm.kernel.symbols.address('empty_zero_page');
    const wrong = vm.slots.map((slot) => ({ ...slot, dirtyBitmap: zeroes }));
    expect(checkHost({ ...host, predicted: pml, vms: [{ ...vm, slots: wrong }] }).results).toEqual([]);
    expect(checkHost({ ...host, vms: [{ ...vm, slots: wrong }] }).results[0]?.code).toBe('dirty-bit-clear');
  });

  it('says ranges of gfns', () => {
    expect([gfnsText(5n, 1n), gfnsText(0x200n, 512n)]).toEqual(['gfn 0x5', 'gfn 0x200 to 0x3ff']);
    expect(slotFlagNames(0x2_0003)).toEqual(['dirty-log', 'read-only', 'guest-memfd-only']);
    expect(slotFlagNames(0x8000_0000 | 8)).toEqual(['bit 3', 'bit 31']);
  });
});

describe('the name of a VM', () => {
  const { memory } = kvm.kernel;
  const vm = hostOf('svm61-two').vms[0] as Vm;
  const mm = kvm.kernel.struct('mm_struct', kvm.struct('kvm', vm.address).get('mm'));
  const comms = (change: (kernel: Kernel) => Kernel = (kernel) => kernel, pid?: number): string => {
    const dump = realDump('svm61-two');
    dump.poke64(memory.physical(mm.addressOf('owner')), 0n);
    if (pid !== undefined) {
      dump.poke(
        memory.physical(kvm.struct('kvm', vm.address).addressOf('userspace_pid')),
        Uint8Array.of(pid & 255, pid >> 8),
      );
    }
    return openKvm(change(openKernel(dump))).vms[0]?.comm ?? '';
  };

  it('is that of its task where its memory has no owner', () => {
    expect(comms()).toBe('vmbeta');
    const ownerless = { has: () => false } as unknown as Struct;
    const unowned = (kernel: Kernel): Kernel =>
      Object.create(kernel, {
        struct: {
          value: (name: string, address: bigint) =>
            name === 'mm_struct' ? ownerless : kernel.struct(name, address),
        },
      }) as Kernel;
    expect(comms(unowned)).toBe('vmbeta');
    expect(comms(undefined, 40_000)).toBe('');
    expect(comms((kernel) => withSymbols(kernel, { init_task: null }))).toBe('');
  });
});

describe('what is missing', () => {
  it('is collected, and mistakes are not', () => {
    const problems = new Problems();
    const fail = (): never => {
      throw new KernelError('gone');
    };
    expect(problems.attempt('a thing', fail, 7)).toBe(7);
    expect([
      ...problems.each(
        'items',
        (function* () {
          yield 1;
          fail();
        })(),
      ),
    ]).toEqual([1]);
    expect(problems.list).toEqual([
      { what: 'a thing', why: 'gone' },
      { what: 'items', why: 'gone' },
    ]);
    const mistake = (): never => {
      throw new SyntaxError('a mistake');
    };
    expect(() => problems.attempt('a thing', mistake, 7)).toThrow(SyntaxError);
    expect(() => [
      ...problems.each(
        'items',
        (function* () {
          yield mistake();
        })(),
      ),
    ]).toThrow(SyntaxError);
  });

  it('may be an address space, or all types', () => {
    const dump = realDump('svm61-two');
    const struct = kvm.struct('kvm', (hostOf('svm61-two').vms[0] as Vm).address);
    const { memory } = kvm.kernel;
    dump.poke64(memory.physical(struct.addressOf('memslots[1]')), 0n);
    const host = openKvm(openKernel(dump));
    expect([host.problems, new Set(host.vms[0]?.slots.map(({ asId }) => asId))]).toEqual([[], new Set([0])]);
    expect([...vmsOf({ ...kvm, types: null }, new Problems())]).toEqual([]);
  });

  it('is no root of a vCPU that runs its guest’s guest', () => {
    const dump = realDump('svm61-two');
    const address = hostOf('svm61-two').vms[0]?.vcpus[0]?.address ?? 0n;
    const { memory } = kvm.kernel;
    const vcpu = kvm.struct('kvm_vcpu', address);
    dump.poke64(memory.physical(vcpu.addressOf('arch.mmu')), vcpu.addressOf('arch.guest_mmu'));
    dump.poke64(memory.physical(vcpu.addressOf('arch.guest_mmu.root.hpa')), 0x5000n);
    const host = openKvm(openKernel(dump));
    expect(host.vms[0]?.vcpus).toMatchObject([{ id: 0, guestMode: true, root: 0x5000n }]);
    expect(host.vms[0]?.roots[0]).toMatchObject({ hpa: 0x5000n, flags: ['nested'], rootCount: null });
  });

  it('of a VM leaves the others', () => {
    const dump = realDump('svm61-two');
    const { memory } = kvm.kernel;
    const [vm] = hostOf('svm61-two').vms as readonly [Vm];
    dump.drop(Number(memory.physical(kvm.struct('kvm', vm.address).addressOf('userspace_pid')) >> 12n));
    const host = openKvm(openKernel(dump));
    expect(host.problems.map(({ what }) => what)).toContain('a VM');
    const root = realDump('svm61-two');
    root.drop(Number(memory.physical(vm.roots[0]?.page?.header ?? 0n) >> 12n));
    expect(openKvm(openKernel(root)).problems.map(({ what }) => what)).toContain('TDP roots of VM 202');
  });
});
