// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Mmu } from '@spte/core';
import type { ContextFact } from '@spte/host';
import { type KvmHost, mmuOfRoot, openKvm, type Root, type Vm } from '@spte/kvm';
import { isMissing, openKernel, tryRead } from '@spte/vmcore';
import type { OpenDump } from '@spte/vmcore/node';
import type { Context } from '../context/context.ts';
import { openMemory } from '../files/image.ts';
import { DamagedError, shown, UsageError } from '../io/errors.ts';
import type { Io } from '../io/io.ts';

/** A host in a dump. */
export interface DumpedHost extends KvmHost {
  readonly dump: OpenDump;
}

/** Names of parts of a dump, for messages. */
export const namesOf = (paths: readonly string[]): string => paths.map((path) => shown(path)).join(' ');

/**
 * Opens a dump and finds KVM in it.
 *
 * @throws UsageError when it is no dump, or of no kernel
 */
export async function openHost(io: Io, paths: readonly string[]): Promise<DumpedHost> {
  const dump = await openMemory(io, paths);
  for (const note of dump.notes) io.complain(`spte: ${namesOf(paths)}: ${note}\n`);
  return { ...hostIn(dump, paths), dump };
}

/**
 * Finds KVM in a dump that is open.
 *
 * @throws UsageError when there is no kernel in it
 */
export function hostIn(dump: OpenDump, paths: readonly string[]): KvmHost {
  const kernel = tryRead(() => openKernel(dump));
  if (!isMissing(kernel)) return openKvm(kernel);
  dump.close();
  const text = `${namesOf(paths)}: ${kernel.message}`;
  throw dump.complete ? new UsageError(text) : new DamagedError(text);
}

/** Says what could not be read; whether the answer is whole. */
export function sayProblems(io: Io, { dump, problems }: DumpedHost): boolean {
  for (const { what, why } of problems) io.complain(`spte: ${what}: ${why}\n`);
  return dump.complete && problems.length === 0;
}

/** Why there are no VMs, where there are none. */
export function whyNoVms({ kvm, vendor }: KvmHost): string {
  if (kvm.kind === 'none') return 'KVM is not loaded';
  if (kvm.types === null) return 'the kernel has no type information of KVM (CONFIG_DEBUG_INFO_BTF_MODULES)';
  return vendor === null ? 'neither kvm_intel nor kvm_amd is loaded: no VMs' : 'no VMs';
}

/**
 * The VM that a word means: a pid, or the name of the process.
 *
 * @throws UsageError when there is none, or several
 */
export function vmOf(host: KvmHost, word: string): Vm {
  const byPid = host.vms.filter(({ pid }) => String(pid) === word);
  const found = byPid.length > 0 ? byPid : host.vms.filter(({ comm }) => comm === word);
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const all = host.vms.map(({ pid, comm }) => `${pid} (${shown(comm)})`).join(', ');
  const list = host.vms.length === 0 ? whyNoVms(host) : `there are ${all}`;
  throw new UsageError(
    first === undefined
      ? `--vm: there is no VM ${shown(word)}: ${list}`
      : `--vm: several VMs are named ${shown(word)}, give a pid: ${list}`,
  );
}

/**
 * The context of a root: nothing of it is guessed.
 *
 * @throws UsageError where the facts of the machine are missing in the dump
 */
export function contextOfRoot(host: KvmHost, vm: Vm, root: Root): Context {
  const mmu = mmuOfRoot(host, vm, root);
  if (mmu === null || host.facts === null) {
    throw new UsageError(
      'what KVM found on the machine is not in the dump: give --kernel and --vendor, and --root without --vm',
    );
  }
  return contextWith(host.facts, mmu);
}

/** Facts that were read from memory as a context. */
export function contextWith({ facts, config }: NonNullable<KvmHost['facts']>, mmu: Mmu): Context {
  return {
    mmu,
    config,
    others: [],
    contradictions: [],
    facts: Object.fromEntries(
      facts.map(({ name, value, symbol, address }): [string, ContextFact] => [
        name,
        {
          value: typeof value === 'bigint' ? hex(value) : value,
          origin: 'read',
          from: address === null ? symbol : `${symbol} at ${hex(address)}`,
        },
      ]),
    ),
  };
}
