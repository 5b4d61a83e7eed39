// SPDX-License-Identifier: GPL-2.0-only
import { hex } from '@spte/core';
import { mmuOfRoot, type Root, type Slot, type Vm } from '@spte/kvm';
import { summarizeWalk, type WalkSummary, walk } from '@spte/walk';
import type { Command } from 'commander';
import { addFormatOptions, end, type Outcome, type Session } from '../context/session.ts';
import { hostHead, vmJson } from '../dump/host-json.ts';
import {
  addLiveOption,
  type DumpedHost,
  type LiveOption,
  openHost,
  pathsOf,
  sayProblems,
  whyNoVms,
} from '../dump/open-host.ts';
import { slotWords } from '../dump/slot-words.ts';
import { alignRows } from '../io/align.ts';
import { shown } from '../io/errors.ts';
import { documentHead, type FormatOptions } from '../io/output.ts';

interface VmsOptions extends FormatOptions, LiveOption {
  readonly verbose?: boolean;
}

const EXAMPLES = `
No debuginfo is needed: what is in the dump itself is enough (VMCOREINFO, kallsyms, BTF).

Examples:
  spte vms vmcore
  spte vms vmcore.1 vmcore.2 -v          the parts of a split dump, in any order
  spte vms vmcore --json
  spte vms --live                        this machine, through /proc/kcore (root)
  spte walk vmcore --vm 1234 --translate 0xfee00000`;

export function vmsCommand(parent: Command, session: Session): void {
  const command = parent
    .command('vms')
    .summary('every VM of a host, from its crash dump')
    .description(
      'Lists the VMs of a host from its crash dump: process, vCPUs, mapped memory, roots, and whether an entry is wrong; with -v slots and roots.',
    )
    .argument(
      '[DUMP...]',
      'a vmcore (kdump, ELF, flattened, split, raw; plain, gzip or zstd), or all parts of a split one',
    )
    .option('-v, --verbose', 'slots and roots of each VM')
    .addHelpText('after', EXAMPLES);
  addLiveOption(command);
  addFormatOptions(command).action(async (paths: string[], options: VmsOptions) =>
    end(session, options, await vms(session, pathsOf(session.io, paths, options), options)),
  );
}

/** What is below a root. */
interface WalkedRoot {
  readonly root: Root;
  /** Null where its tables are not there. */
  readonly summary: WalkSummary | null;
}

async function vms({ io, out }: Session, paths: readonly string[], options: VmsOptions): Promise<Outcome> {
  const host = await openHost(io, paths);
  try {
    const walked = host.vms.map((vm) => ({ vm, roots: vm.roots.map((root) => walkRoot(host, vm, root)) }));
    const findings = walked.reduce((sum, { roots }) => sum + findingsOf(roots), 0);
    const head = hostHead(host);
    const list = walked.map(({ vm, roots }) => ({
      ...vmJson(vm),
      findings: findingsOf(roots),
      missingTables: missingOf(roots),
    }));
    if (options.ndjson === true) {
      for (const one of list) void out.record(one);
      void out.record({ summary: { ...head, vms: list.length, findings, context: null } });
    } else if (options.json === true) {
      out.document({ ...documentHead('vms', null), ...head, vms: list, problems: host.problems });
    } else {
      void out.line(out.paint('bold', headline(host)));
      if (walked.length === 0) void out.line(whyNoVms(host));
      for (const row of alignRows(walked.map(({ vm, roots }) => vmRow(vm, roots)))) void out.line(row);
      if (options.verbose === true) for (const { vm, roots } of walked) printVm(out, vm, roots);
    }
    return { findings, possible: 0, looked: 1, damaged: !sayProblems(io, host) };
  } finally {
    host.dump.close();
  }
}

function walkRoot(host: DumpedHost, vm: Vm, root: Root): WalkedRoot {
  const mmu = mmuOfRoot(host, vm, root);
  const isThere = host.dump.read(root.hpa, TABLE_BYTES) !== null;
  if (mmu === null || !isThere || root.flags.includes('dummy')) return { root, summary: null };
  const start = { root: root.hpa, level: root.level, pae: root.flags.includes('pae') };
  return { root, summary: summarizeWalk(mmu, walk(mmu, host.dump, start)) };
}

const TABLE_BYTES = 4096;

/** Findings in all roots of a VM, each entry as often as roots have it. A table that is missing is none of an entry. */
function findingsOf(roots: readonly WalkedRoot[]): number {
  return countOf(roots, (code) => code !== 'table-hole');
}

/** Tables below entries that are not in the dump. */
const missingOf = (roots: readonly WalkedRoot[]): number => countOf(roots, (code) => code === 'table-hole');

function countOf(roots: readonly WalkedRoot[], test: (code: string) => boolean): number {
  const found = roots.flatMap(({ summary }) => summary?.findings ?? []).filter(({ code }) => test(code));
  return found.reduce((sum, { count }) => sum + count, 0);
}

function headline({ kernel, vendor, dump, masks }: DumpedHost): string {
  const mode = vendor === null ? 'no KVM' : masks.tdpEnabled === false ? 'shadow paging' : MODES[vendor];
  return `kernel ${kernel.release}, ${mode}  (${dump.container})`;
}

const MODES = { svm: 'svm, NPT', vmx: 'vmx, EPT' } as const;

function vmRow(vm: Vm, roots: readonly WalkedRoot[]): string[] {
  const findings = findingsOf(roots);
  const missing = missingOf(roots);
  return [
    `pid ${vm.pid}`,
    shown(vm.comm),
    counted(vm.vcpus.length, 'vCPU'),
    mappedText(roots),
    counted(vm.roots.length, 'root'),
    findings === 0 ? 'no findings' : counted(findings, 'finding'),
    missing === 0 ? '' : `${counted(missing, 'table')} not in the dump`,
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Leaves by page size, those of the root that maps most: roots of a VM map the same memory. */
function mappedText(roots: readonly WalkedRoot[]): string {
  const most = roots.reduce<WalkSummary | null>(
    (best, { summary }) =>
      summary !== null && summary.mapped.bytes >= (best?.mapped.bytes ?? 0n) ? summary : best,
    null,
  );
  if (most === null) return 'mapped: not known';
  const sizes = most.levels
    .filter(({ mapped }) => mapped.leaves > 0)
    .map(({ level, mapped }) => `${mapped.leaves} x ${PAGE_SIZES[level] ?? ''}`);
  return sizes.length === 0 ? 'nothing mapped' : `mapped ${sizes.join(', ')}`;
}

const PAGE_SIZES: Readonly<Record<number, string>> = { 1: '4K', 2: '2M', 3: '1G', 4: '512G', 5: '256T' };

function printVm(out: Session['out'], vm: Vm, roots: readonly WalkedRoot[]): void {
  void out.line(`\n${out.paint('bold', `${vm.pid} ${shown(vm.comm)}`)}  generation ${hex(vm.generation)}`);
  for (const { id, root, guestMode } of vm.vcpus) {
    const where = root === null ? 'never ran' : `root ${hex(root)}`;
    void out.line(`  vCPU ${id}  ${where}${guestMode ? ', in its nested guest' : ''}`);
  }
  for (const row of alignRows(roots.map(rootRow))) void out.line(`  ${row}`);
  for (const row of alignRows(vm.slots.map(slotRow))) void out.line(`  ${row}`);
}

function rootRow({ root, summary }: WalkedRoot): string[] {
  const { hpa, kind, level, role, rootCount, flags } = root;
  return [
    `root ${hex(hpa)}`,
    `${kind}, level ${level}`,
    `role ${hex(role)}`,
    rootCount === null ? '' : counted(rootCount, 'reference'),
    summary === null ? 'not walked' : `${summary.entries} entries`,
    flags.join(', '),
  ];
}

function slotRow(slot: Slot): string[] {
  const { asId, id, baseGfn, npages, hva } = slot;
  return [
    `slot ${id}${asId === 0 ? '' : ` (address space ${asId})`}`,
    `gfn ${hex(baseGfn)}..${hex(baseGfn + npages - 1n)}`,
    counted(Number(npages), 'page'),
    `hva ${hex(hva)}`,
    slotWords(slot),
  ];
}
