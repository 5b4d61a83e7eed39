// SPDX-License-Identifier: GPL-2.0-only
import type { KvmHost, Slot, Vm } from '@spte/kvm';
import type { OpenDump } from '@spte/vmcore/node';
import type { WalkEntry } from '@spte/walk';
import { describe, expect, it } from 'vitest';
import { chosenRoot } from '../src/dump/choose-root.ts';
import { vmJson } from '../src/dump/host-json.ts';
import { contextOfRoot, hostIn, pathsOf, vmOf, whyNoVms } from '../src/dump/open-host.ts';
import { SlotShares } from '../src/dump/slot-shares.ts';
import { slotWords } from '../src/dump/slot-words.ts';
import { DamagedError, UsageError, unreadable } from '../src/io/errors.ts';
import type { Io } from '../src/io/io.ts';

/** Only what the function at hand looks at, in the place of the whole, which only a dump has. */
const part = (members: object): never => members as never;

const vm = (members: object): Vm => part({ pid: 7, comm: 'qemu', vcpus: [], roots: [], ...members });

describe('what a command is about', () => {
  const said: string[] = [];
  const io: Io = part({ complain: (text: string) => said.push(text) });

  it('is a dump, or this machine, and not both', () => {
    expect(pathsOf(io, ['a', 'b'], {})).toEqual(['a', 'b']);
    expect(said).toEqual([]);
    expect(pathsOf(io, [], { live: true })).toEqual(['/proc/kcore']);
    expect(said).toEqual(['spte: live: not a snapshot: what is read may change meanwhile\n']);
    expect(() => pathsOf(io, [], {})).toThrow('a dump is needed, or --live for this machine');
    expect(() => pathsOf(io, ['a'], { live: true })).toThrow(
      '--live is about this machine, and goes with no file',
    );
  });
});

describe('the memory of this machine', () => {
  it.each([
    ['EACCES', 'permission denied: only root may read it'],
    ['ENOENT', 'this kernel has none (CONFIG_PROC_KCORE)'],
    ['EPERM', 'the kernel forbids it: it is locked down (confidentiality'],
  ])('says why it cannot be read: %s', (code, why) => {
    const error = Object.assign(new Error(`${code}: as node says it`), { code });
    expect(unreadable('/proc/kcore', error).message).toContain(`cannot read "/proc/kcore": ${why}`);
    expect(unreadable('vmcore', error).message).not.toContain(why);
  });
});

describe('a slot', () => {
  const slot: Slot = {
    asId: 0,
    id: 32_764,
    baseGfn: 0xfee00n,
    npages: 1n,
    hva: 0x7f00_0000_0000n,
    flags: 2,
    flagNames: ['read-only'],
    dirtyBitmap: null,
    isInternal: true,
  };

  it('says what KVM made for itself', () => {
    expect(slotWords(slot)).toBe("read-only, KVM's own");
    expect(slotWords({ flagNames: [], isInternal: false })).toBe('');
    const document = vmJson(vm({ comm: '', generation: 0n, mmioValue: null, slots: [slot], stats: {} }));
    expect(document).toMatchObject({ slots: [{ id: 32_764, baseGfn: '0xfee00', internal: true }] });
  });
});

describe('a host of which nothing can be read', () => {
  const closed: string[] = [];
  const dump = (members: object): OpenDump =>
    part({
      notes: [],
      vmcoreinfo: null,
      runs: () => [],
      read: () => null,
      readPage: () => ({ bytes: null, gap: 'not-ram' }),
      close: () => closed.push('closed'),
      ...members,
    });

  it.each([
    ['kdump', true, UsageError],
    ['kdump', false, DamagedError],
    ['kcore', true, UsageError],
  ])('is refused, %s, whole: %s', (container, complete, kind) => {
    closed.length = 0;
    let error: unknown = null;
    try {
      hostIn(dump({ container, complete }), ['x']);
    } catch (thrown) {
      error = thrown;
    }
    expect((error as Error).constructor).toBe(kind);
    expect((error as Error).message).toContain('"x": no Linux kernel was found');
    expect(closed).toEqual(['closed']);
  });
});

describe('a host without VMs', () => {
  const host = (members: object): KvmHost =>
    part({ vendor: 'svm', kvm: { kind: 'modules', types: {} }, vms: [], ...members });

  it('says why', () => {
    expect(whyNoVms(host({ kvm: { kind: 'none', types: null } }))).toBe('KVM is not loaded');
    expect(whyNoVms(host({ kvm: { kind: 'modules', types: null } }))).toBe(
      'the kernel has no type information of KVM (CONFIG_DEBUG_INFO_BTF_MODULES)',
    );
    expect(whyNoVms(host({ vendor: null }))).toBe('neither kvm_intel nor kvm_amd is loaded: no VMs');
    expect(whyNoVms(host({}))).toBe('no VMs');
    expect(() => vmOf(host({}), '5')).toThrow('--vm: there is no VM "5": no VMs');
  });

  it('has no context where its facts are missing', () => {
    const bare = host({ facts: null, masks: {}, kernel: {} });
    expect(() => contextOfRoot(bare, vm({}), part({ flags: [] }))).toThrow(
      'what KVM found on the machine is not in the dump: give --kernel and --vendor, and --root without --vm',
    );
  });
});

describe('a VM', () => {
  const host: KvmHost = part({ vms: [vm({ pid: 1 }), vm({ pid: 2 }), vm({ pid: 3, comm: '2' })] });

  it('is meant by its pid first, then by a name that one alone has', () => {
    expect(vmOf(host, '1').pid).toBe(1);
    expect(vmOf(host, '2').pid).toBe(2);
    expect(() => vmOf(host, 'qemu')).toThrow(
      '--vm: several VMs are named "qemu", give a pid: there are 1 ("qemu"), 2 ("qemu"), 3 ("2")',
    );
  });

  const root = { hpa: 0x5000n };
  const ran = { id: 0, root: 0x5000n };
  const idle = { id: 1, root: null };

  it('is walked from the root that its vCPUs use, or the first', () => {
    expect(chosenRoot(vm({ roots: [{ hpa: 1n }, root], vcpus: [idle, ran] }), {})).toBe(root);
    expect(chosenRoot(vm({ roots: [root, { hpa: 1n }], vcpus: [idle] }), {})).toBe(root);
    expect(() => chosenRoot(vm({}), {})).toThrow('--vm: VM 7 has no root: nothing is mapped');
    expect(() => chosenRoot(vm({ vcpus: [ran] }), {})).toThrow('--vm: VM 7 has no root at 0x5000');
    expect(() => chosenRoot(vm({ vcpus: [ran], roots: [{ hpa: 1n }] }), { vcpu: 0 })).toThrow(
      '--vcpu: VM 7 has no root at 0x5000: there are 0x1',
    );
  });
});

describe('the slots of a VM', () => {
  const slot = (id: number, asId: number, baseGfn: bigint): Slot =>
    part({ id, asId, baseGfn, npages: 16n, hva: 0n, flags: 0, flagNames: [] });
  const leaf = (members: object): WalkEntry => part({ kind: 'leaf', level: 1, gpa: 0n, ...members });

  it('are told what of them is mapped, those of one address space', () => {
    const shares = new SlotShares([slot(3, 0, 0x200n), slot(1, 0, 0n), slot(2, 1, 0n)], 0);
    expect(shares.add(leaf({}), true)).toMatchObject({ id: 1, asId: 0 });
    expect(shares.add(leaf({ gpa: 0x1000n, kind: 'tracked' }), false)).toMatchObject({ id: 1 });
    expect(shares.add(leaf({ gpa: 0x20_0000n, level: 2 }), true)).toMatchObject({ id: 3 });
    expect(shares.add(leaf({ gpa: 0x5_0000n }), true)).toBeNull();
    expect(shares.add(leaf({ kind: 'empty' }), false)).toBeUndefined();
    expect(shares.list()).toMatchObject([
      { id: 1, mapped: 2, writable: 1, leaves: { '4K': 2 } },
      { id: 3, mapped: 512, writable: 512, leaves: { '2M': 1 } },
    ]);
    expect(shares.outside).toBe(1);
  });
});
