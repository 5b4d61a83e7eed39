// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import type { KvmHost, Root, Slot, Vcpu, Vm } from '@spte/kvm';
import type { DumpedHost } from './open-host.ts';

const hex16 = (word: bigint): string => word.toString(16).padStart(16, '0');

/** What a dump says of its host, without its VMs. */
export interface HostHead extends Pick<KvmHost, 'vendor' | 'masks' | 'params'> {
  readonly release: string;
  readonly container: string;
  /** Whether all that was wanted is in the dump. */
  readonly complete: boolean;
  readonly kvm: KvmHost['kvm']['kind'];
  /** `shadow_*` variables as 16 hex digits. */
  readonly symbols: Readonly<Record<string, string>>;
}

/** The part of a document that is about the host. */
export function hostHead({
  kernel,
  vendor,
  dump,
  masks,
  symbols,
  params,
  kvm,
  problems,
}: DumpedHost): HostHead {
  return {
    release: kernel.release,
    vendor,
    container: dump.container,
    complete: dump.complete && problems.length === 0,
    kvm: kvm.kind,
    masks,
    symbols: Object.fromEntries(symbols.map(({ name, value }) => [name, hex16(value)])),
    params,
  };
}

/** A VM as documents have it. */
export function vmJson({ pid, comm, generation, vcpus, roots, slots, stats, mmioValue }: Vm): object {
  return {
    pid,
    comm,
    generation: hex(generation),
    mmioValue: mmioValue === null ? null : hex(mmioValue),
    vcpus: vcpus.map(vcpuJson),
    roots: roots.map(rootJson),
    slots: slots.map(slotJson),
    stats,
  };
}

function vcpuJson({ id, root, guestMode }: Vcpu) {
  return { id, root: root === null ? null : hex(root), guestMode };
}

function rootJson({ hpa, kind, level, role, smm, rootCount, flags }: Root) {
  return { hpa: hex(hpa), kind, level, role: hex(role), smm, rootCount, flags };
}

function slotJson({ asId, id, baseGfn, npages, hva, flags, flagNames, isInternal }: Slot) {
  return {
    asId,
    id,
    baseGfn: hex(baseGfn),
    npages: Number(npages),
    hva: hex(hva),
    flags,
    flagNames,
    internal: isInternal,
  };
}
