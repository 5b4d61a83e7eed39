// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, hex, isPresentKind, type Mmu, PAGE_SHIFT, pagesPerHpage, spteKind } from '@spte/core';
import { isMissing, tryRead } from '@spte/vmcore';
import { entryFindingText, type WalkEntry, walk } from '@spte/walk';
import { type CheckResult, gfnsText, resultOf, type Undecided } from './check-results.ts';
import { headedTables } from './headed-tables.ts';
import { type KvmHost, mmuOfRoot } from './open-kvm.ts';
import type { Root } from './roots.ts';
import { slotFinder } from './slot-at.ts';
import { SLOT_FLAGS, type Slot } from './slots.ts';
import type { Vm } from './vms.ts';

/** What a check came to. */
export interface HostCheck {
  readonly results: readonly CheckResult[];
  /** What a missing page decides. */
  readonly undecided: readonly Undecided[];
  /** Entries that were looked at. */
  readonly entries: number;
}

/** Results of one code that are listed for a VM, at most; the others are counted. */
const MAX_LISTED = 1000;

/** Pages whose writers are remembered, for those that two VMs write. */
const MAX_WRITABLE = 1 << 20;

/** Bit 1 allows writes in every format. */
const WRITABLE = 2n;

const TABLE_BYTES = 4096;

/**
 * Says what is wrong in any VM.
 *
 * An `error` is something that no state of a kernel allows. Where the page that decides is missing, nothing is said but
 * that it is not decided.
 */
export function checkHost(host: KvmHost): HostCheck {
  const check = new Check(host);
  check.masks();
  for (const vm of host.vms) check.vm(vm);
  if (host.vms.length > 0) check.unreachedTables();
  return { results: check.results, undecided: check.undecided, entries: check.entries };
}

/** What is known of the tables of a VM while it is checked. */
interface Tables {
  /** Tables that were seen, by address, with their level and machine. */
  readonly seen: Map<bigint, { readonly level: number; readonly mmu: Mmu }>;
  readonly findSlot: ReturnType<typeof slotFinder>;
  /** Tables that could not be looked at. */
  readonly lost: Set<bigint>;
}

class Check {
  readonly results: CheckResult[] = [];
  readonly undecided: Undecided[] = [];
  entries = 0;
  readonly #host: KvmHost;
  readonly #writers = new Map<number, number>();
  readonly #reached = new Set<bigint>();
  #isPartial: boolean;
  readonly #counts = new Map<string, number>();
  readonly #dirtyLogSize: number;

  constructor(host: KvmHost) {
    this.#host = host;
    this.#isPartial = host.problems.length > 0;
    this.#dirtyLogSize = host.predicted?.masks.cpuDirtyLogSize ?? 0;
  }

  masks(): void {
    for (const { symbol, kernel, computed, agree } of this.#host.checks) {
      if (!agree) this.#add(resultOf('mask-differs', {}, `${symbol} is ${kernel}, computed ${computed}`));
    }
  }

  vm(vm: Vm): void {
    const tables: Tables = { seen: new Map(), findSlot: slotFinder(vm.slots), lost: new Set() };
    for (const root of vm.roots) this.#root(vm, root, tables);
    this.#unknownRoots(vm);
    this.#unreached(vm, tables);
    this.#counters(vm, tables);
    for (const hpa of tables.seen.keys()) this.#reached.add(hpa);
    if (tables.lost.size > 0) this.#isPartial = true;
  }

  /** Tables of the TDP MMU that hang on no root, by the descriptions of the host's pages. */
  unreachedTables(): void {
    const what = 'tables that no root reaches';
    if (this.#isPartial) {
      this.#undecide(null, what, 'not every table could be looked at');
      return;
    }
    const found = tryRead(() => headedTables(this.#host.kvm));
    const gap = isMissing(found) ? found.message : found.gap;
    if (gap !== null) this.#undecide(null, what, gap);
    for (const { hpa, gfn, level, isTdpMmu } of isMissing(found) ? [] : found.tables) {
      if (!isTdpMmu || this.#reached.has(hpa)) continue;
      this.#add(resultOf('unreached-table', {}, `${hex(hpa)}, level ${level}, gfn ${hex(gfn)}`));
    }
  }

  #root(vm: Vm, root: Root, tables: Tables): void {
    const mmu = mmuOfRoot(this.#host, vm, root);
    const isPae = root.flags.includes('pae');
    if (root.flags.includes('dummy')) return;
    if (mmu === null || this.#host.kernel.dump.read(root.hpa, TABLE_BYTES) === null) {
      const why = mmu === null ? 'nothing is known of the machine' : 'the table is not in the dump';
      this.#undecide(vm, `root ${hex(root.hpa)}`, why);
      tables.lost.add(root.hpa);
      return;
    }
    if (!isPae) tables.seen.set(root.hpa, { level: root.level, mmu });
    let entries = 0;
    for (const entry of walk(mmu, this.#host.kernel.dump, {
      root: root.hpa,
      level: root.level,
      pae: isPae,
    })) {
      entries++;
      this.entries++;
      if (entry.child !== null) tables.seen.set(entry.child, { level: entry.level - 1, mmu });
      this.#entry(vm, root, entry, tables);
    }
    if (root.flags.includes('invalid') && entries > 0) {
      this.#add(
        resultOf('invalid-root', { pid: vm.pid, root: root.hpa }, `${entries} entries at ${hex(root.hpa)}`),
      );
    }
  }

  #entry(vm: Vm, root: Root, entry: WalkEntry, tables: Tables): void {
    const { level, gpa, spte: value, address: hpa, kind } = entry;
    const about = { pid: vm.pid, root: root.hpa, entry: { hpa, value, level, gpa } };
    for (const finding of entry.findings) {
      if (finding.code === 'table-hole') tables.lost.add(finding.params.address);
      const gap = finding.code === 'table-hole' ? this.#gapAt(finding.params.address) : null;
      if (gap !== null) this.#undecide(vm, `what is below ${hex(value)} at ${hex(hpa)}`, gap);
      else this.#add({ ...about, code: finding.code, weight: 'error', text: entryFindingText(finding) });
    }
    const isLeaf = kind === 'leaf' || kind === 'tracked';
    if (isLeaf) this.#leaf(vm, root, entry, tables, about);
  }

  /** Why a table is not there; null where it is in no memory at all. */
  #gapAt(address: bigint): string | null {
    const { gap } = this.#host.kernel.dump.readPage(Number(address >> PAGE_SHIFT));
    return gap === null || gap.reason === 'not-ram' ? null : `the table at ${hex(address)} is ${gap.text}`;
  }

  /** A leaf beside the slots of its VM: only direct tables map guest physical addresses. */
  #leaf(vm: Vm, root: Root, entry: WalkEntry, tables: Tables, about: Partial<CheckResult>): void {
    const { level, gpa, spte, kind } = entry;
    const isWritable = kind === 'leaf' && (spte & WRITABLE) !== 0n;
    const pages = pagesPerHpage(level);
    if (isWritable) this.#shared(vm, Number((spte & ADDRESS) >> PAGE_SHIFT), about);
    if (root.flags.includes('invalid') || !isDirectTdp(this.#host, root)) return;
    const gfn = gpa >> PAGE_SHIFT;
    const own = tables.findSlot(gfn, root.smm ? 1 : 0);
    if (own === null) {
      if (tables.findSlot(gfn, root.smm ? 0 : 1) === null)
        this.#add(resultOf('no-slot', about, gfnsText(gfn, pages)));
      return;
    }
    if (!isWritable) return;
    const where = `${gfnsText(gfn, pages)}, slot ${own.id}`;
    if ((own.flags & SLOT_FLAGS.readOnly) !== 0) this.#add(resultOf('read-only-slot', about, where));
    if ((own.flags & SLOT_FLAGS.logDirtyPages) !== 0) this.#dirty(vm, own, gfn, pages, about, where);
  }

  /** Whether each page of a writable leaf is marked dirty, where nothing else would tell that it was written. */
  #dirty(vm: Vm, slot: Slot, gfn: bigint, pages: bigint, about: Partial<CheckResult>, where: string): void {
    if (this.#dirtyLogSize > 0 || slot.dirtyBitmap === null) return;
    const bitmap = slot.dirtyBitmap;
    for (let page = gfn; page < gfn + pages && page < slot.baseGfn + slot.npages; page++) {
      const bit = page - slot.baseGfn;
      const byte = tryRead(() => this.#host.kernel.memory.word(bitmap + (bit >> 3n), 1));
      if (isMissing(byte)) this.#undecide(vm, `dirty bitmap of slot ${slot.id}`, byte.message);
      else if (((byte >> (bit & 7n)) & 1n) === 0n) this.#add(resultOf('dirty-bit-clear', about, where));
      else continue;
      return;
    }
  }

  #shared(vm: Vm, pfn: number, about: Partial<CheckResult>): void {
    const other = this.#writers.get(pfn);
    if (other === undefined && this.#writers.size < MAX_WRITABLE) this.#writers.set(pfn, vm.pid);
    if (other !== undefined && other !== vm.pid) {
      this.#add(resultOf('shared-page', about, `pfn ${hex(BigInt(pfn))}, VM ${other} and VM ${vm.pid}`));
    }
  }

  #unknownRoots(vm: Vm): void {
    for (const { hpa, page, flags } of vm.roots) {
      if (page !== null || flags.includes('pae') || flags.includes('dummy')) continue;
      this.#add(resultOf('unknown-root', { pid: vm.pid, root: hpa }, hex(hpa)));
    }
  }

  /** Tables of the shadow MMU that no root reaches are counted with the others. */
  #unreached(vm: Vm, { seen }: Tables): void {
    let unreached = 0;
    for (const page of vm.pages.active) {
      if (seen.has(page.hpa)) continue;
      unreached++;
      const mmu = mmuOfRoot(this.#host, vm, undefined);
      if (mmu !== null) seen.set(page.hpa, { level: page.level, mmu });
    }
    if (unreached > 0) this.#add(resultOf('unreached-shadow-page', { pid: vm.pid }, String(unreached)));
  }

  /** Counters of mapped pages beside the leaves of all tables, each once. */
  #counters(vm: Vm, { seen, lost }: Tables): void {
    if (lost.size > 0) {
      this.#undecide(
        vm,
        'counters of mapped pages',
        `the table at ${[...lost].map(hex).join(', ')} is not in the dump`,
      );
      return;
    }
    const leaves = new Map<number, number>();
    for (const [hpa, { level, mmu }] of seen) {
      const bytes = this.#host.kernel.dump.read(hpa, TABLE_BYTES);
      if (bytes === null) {
        this.#undecide(vm, 'counters of mapped pages', `the table at ${hex(hpa)} is not in the dump`);
        return;
      }
      leaves.set(level, (leaves.get(level) ?? 0) + leavesIn(mmu, bytes, level));
    }
    for (const [level, name] of COUNTERS) {
      const counted = vm.stats[name];
      const found = leaves.get(level) ?? 0;
      if (counted === undefined || Math.abs(counted - found) <= vm.vcpus.length) continue;
      this.#add(
        resultOf('counter-differs', { pid: vm.pid }, `${name} is ${counted}, there are ${found} leaves`),
      );
    }
  }

  #add(result: CheckResult): void {
    const key = `${String(result.pid)} ${result.code}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count <= MAX_LISTED) this.results.push(result);
  }

  #undecide(vm: Vm | null, what: string, why: string): void {
    const pid = vm?.pid ?? null;
    const last = this.undecided.at(-1);
    if (last?.pid === pid && last.what === what) return;
    if (this.undecided.length < MAX_LISTED) this.undecided.push({ pid, what, why });
  }
}

const COUNTERS: readonly (readonly [level: number, name: string])[] = [
  [1, 'pages_4k'],
  [2, 'pages_2m'],
  [3, 'pages_1g'],
];

function leavesIn(mmu: Mmu, bytes: Uint8Array, level: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0;
  for (let at = 0; at < TABLE_BYTES; at += 8) {
    const word = view.getBigUint64(at, true);
    const kind = word === 0n ? 'empty' : spteKind(mmu, word, level);
    if (isPresentKind(kind) && kind !== 'table') count++;
  }
  return count;
}

/** Whether the addresses of a root are the guest's physical ones, mapped for EPT or NPT. */
function isDirectTdp({ masks }: KvmHost, { page }: Root): boolean {
  return page?.isDirect === true && masks.tdpEnabled !== false;
}
