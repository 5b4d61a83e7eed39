// SPDX-License-Identifier: GPL-2.0-only
// Crash dumps of real hosts in which memory is not what it was: words of pages that are read, pages that are gone.
import { DUMP_NAMES, type DumpName, dumpOf, realMemory } from '@spte/testing/dumps';
import type { Random } from '@spte/testing/random';
import { checkHost, type KvmHost, mmuOfRoot, openKvm } from '../../packages/kvm/src/index.ts';
import { type Dump, isMissing, openKernel, tryRead } from '../../packages/vmcore/src/index.ts';
import { summarizeWalk, type WalkEntry, walk } from '../../packages/walk/src/index.ts';
import { ensure, type Outcome, type Target } from './target.ts';

const PAGE = 4096;

/** Pages that are read of each host, in order: what is not read does not matter. */
const read = new Map<DumpName, readonly number[]>();

function pagesOf(name: DumpName): readonly number[] {
  const known = read.get(name);
  if (known !== undefined) return known;
  const pages = new Set<number>();
  const dump = dumpOf(realMemory(name));
  const watched: Dump = {
    ...dump,
    readPage(pfn) {
      pages.add(pfn);
      return dump.readPage(pfn);
    },
  };
  lookAt(watched);
  const list = [...pages];
  read.set(name, list);
  return list;
}

/** A walk of garbage may go on for as long as its tables lead; a user stops it. */
const MAX_ENTRIES = 20_000;

function lookAt(dump: Dump): KvmHost | null {
  const kernel = tryRead(() => openKernel(dump));
  if (isMissing(kernel)) return null;
  const host = openKvm(kernel);
  for (const vm of host.vms) {
    for (const root of vm.roots) {
      const mmu = mmuOfRoot(host, vm, root);
      if (mmu === null || dump.read(root.hpa, PAGE) === null) continue;
      const seen: WalkEntry[] = [];
      for (const entry of walk(mmu, dump, { root: root.hpa, level: root.level })) {
        if (seen.push(entry) === MAX_ENTRIES) return host;
      }
      ensure(summarizeWalk(mmu, seen).entries === seen.length, 'each entry is summarised');
    }
  }
  const { results } = checkHost(host);
  ensure(
    results.every(({ text }) => text !== ''),
    'each result has a text',
  );
  return host;
}

/** What is done to a host: words of pages that are read, at one of four kinds of places. */
function changes(random: Random): Uint8Array {
  const name = random.below(DUMP_NAMES.length);
  const count = 1 + random.below(8);
  const bytes = new Uint8Array(1 + 16 * count);
  const view = new DataView(bytes.buffer);
  bytes[0] = name;
  for (let i = 0; i < count; i++) {
    view.setUint32(1 + 16 * i, random.below(1 << 30));
    view.setUint32(5 + 16 * i, random.below(1 << 30));
    view.setUint32(9 + 16 * i, random.below(1 << 30));
    view.setUint32(13 + 16 * i, random.below(1 << 30));
  }
  return bytes;
}

function changed(input: Uint8Array): Dump {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const name = DUMP_NAMES[view.getUint8(0) % DUMP_NAMES.length] ?? 'svm61-two';
  const pages = pagesOf(name);
  const dump = dumpOf(realMemory(name));
  for (let at = 1; at + 16 <= input.length; at += 16) {
    const pfn = pages[view.getUint32(at) % pages.length] ?? 0;
    const [place, what, bits] = [view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12)];
    const page = dump.readPage(pfn).bytes;
    if (page === null || what % 8 === 0) {
      dump.drop(pfn, what % 16 === 0 ? 'filtered' : 'damaged');
      continue;
    }
    const offset = 8 * (place % (PAGE / 8));
    const old = new DataView(page.buffer, page.byteOffset, page.length).getBigUint64(offset, true);
    const address = BigInt(pfn) * BigInt(PAGE) + BigInt(offset);
    const word = what % 4 === 1 ? old ^ (1n << BigInt(bits % 64)) : what % 4 === 2 ? BigInt(bits) : old << 1n;
    dump.poke64(address, BigInt.asUintN(64, word));
  }
  return dump;
}

/** Finds KVM in a damaged host, walks and checks. No error may come out of it. */
export const kvmTarget: Target = {
  name: 'kvm',
  unit: 'hosts',
  slow: 20_000,
  input: (random) => changes(random),
  feed(input): Outcome {
    const host = lookAt(changed(input));
    if (host === null) return { ending: 'no kernel found', count: 1 };
    const { vms, problems } = host;
    return { ending: `${vms.length} VMs, ${problems.length === 0 ? 'whole' : 'with problems'}`, count: 1 };
  },
};
