// SPDX-License-Identifier: GPL-2.0-only
import { hex, type Mmu } from '@spte/core';
import type { ContextFact } from '@spte/host';
import { type KvmHost, mmuOfRoot, openKvm, type Root, type Vm } from '@spte/kvm';
import { isMissing, openKernel, tryRead } from '@spte/vmcore';
import type { OpenDump } from '@spte/vmcore/node';
import type { Command } from 'commander';
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

/** The memory of the running kernel. */
const LIVE = '/proc/kcore';

/** Times that a live host is read anew when a list moved. */
const TRIES = 3;

/** Whether it is about this machine. */
export interface LiveOption {
  readonly live?: boolean;
}

/** Adds `--live`. */
export function addLiveOption(command: Command): Command {
  return command.option('--live', `this machine, through ${LIVE} (root); not a snapshot`);
}

/**
 * The files that are meant.
 *
 * @throws UsageError when there are none, or both files and `--live`
 */
export function pathsOf(io: Io, paths: readonly string[], { live }: LiveOption): readonly string[] {
  if (live !== true) {
    if (paths.length === 0) throw new UsageError('a dump is needed, or --live for this machine');
    return paths;
  }
  if (paths.length > 0) throw new UsageError('--live is about this machine, and goes with no file');
  io.complain('spte: live: not a snapshot: what is read may change meanwhile\n');
  return [LIVE];
}

/**
 * Opens a dump and finds KVM in it.
 *
 * @throws UsageError when it is no dump, or of no kernel
 */
export async function openHost(io: Io, paths: readonly string[]): Promise<DumpedHost> {
  const dump = await openMemory(io, paths);
  sayNotes(io, dump, paths);
  return { ...hostIn(dump, paths), dump };
}

/** Says what there is to know of a dump. */
export function sayNotes(io: Io, { notes }: OpenDump, paths: readonly string[]): void {
  for (const note of notes) io.complain(`spte: ${namesOf(paths)}: ${note}\n`);
}

/**
 * Finds KVM in a dump that is open. Lists of a live host may move while they are read: it is read again, a few times.
 *
 * @throws UsageError when there is no kernel in it
 */
export function hostIn(dump: OpenDump, paths: readonly string[]): KvmHost {
  for (let left = dump.container === 'kcore' ? TRIES : 1; ; left--) {
    const host = tryRead(() => openKvm(openKernel(dump)));
    if (!isMissing(host)) {
      if (host.problems.length === 0 || left === 1) return host;
    } else if (left === 1) {
      dump.close();
      const text = `${namesOf(paths)}: ${host.message}`;
      throw dump.complete ? new UsageError(text) : new DamagedError(text);
    }
  }
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
function contextWith({ facts, config }: NonNullable<KvmHost['facts']>, mmu: Mmu): Context {
  return {
    mmu,
    config,
    others: [],
    contradictions: [],
    asked: {},
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
