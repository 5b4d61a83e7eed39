// SPDX-License-Identifier: GPL-2.0-only
// ELF cores whose headers lie, and the page tables in them.

import { machine } from '@spte/testing/machines';
import { bytesMemory, elfCoreMemory, ImageError } from '../../packages/vmcore/src/index.ts';
import { buildElf } from '../../packages/vmcore/test/elf.ts';
import { summarizeWalk, translate, type WalkEntry, walk } from '../../packages/walk/src/index.ts';
import { emptyMemory, leaf, startTables } from '../../packages/walk/test/tables.ts';
import { mutate } from './mutate.ts';
import { type Seed, seedOf } from './seed.ts';
import { ensure, type Outcome, type Target } from './target.ts';

const mmu = machine('NPT');
const PAGES = 5;

/** The pages of a small guest: a root, and one path down to a few leaves. */
function smallGuest(): { readonly bytes: Uint8Array; readonly root: bigint } {
  const memory = emptyMemory(PAGES);
  const { root, put } = startTables(mmu, { memory });
  for (const index of [0, 1, 511]) put([0, 0, 0, index], leaf(mmu, 1, BigInt(index)));
  put([0, 0, 1], leaf(mmu, 2, 0x200n));
  return { bytes: memory.bytes, root };
}

const guest = smallGuest();
const half = 2 * 4096;
const segments = [
  { paddr: BigInt(half), bytes: guest.bytes.subarray(half) },
  { paddr: 0n, bytes: guest.bytes.subarray(0, half) },
  { paddr: 0x10_0000n, bytes: Uint8Array.of(1, 2, 3), type: 4 },
];

/** A walk of garbage may go on for as long as its tables lead; a user stops it. */
const MAX_ENTRIES = 1500;

function readAll(file: Uint8Array): { readonly entries: number; readonly translated: boolean } {
  const core = elfCoreMemory(bytesMemory(file));
  for (const at of [0n, 0xfffn, 0x2000n, 0x10_0000n, (1n << 64n) - 1n]) {
    const { length = 32 } = core.read(at, 32) ?? {};
    ensure(length === 32, 'a read gives all bytes or none');
  }
  core.segments.forEach(({ address, bytes }, index) => {
    const before = core.segments[index - 1];
    ensure(bytes > 0n, 'a segment has bytes');
    ensure(before === undefined || before.address + before.bytes <= address, 'segments are sorted and apart');
  });
  if (core.read(guest.root, 4096) === null) return { entries: 0, translated: false };
  const seen: WalkEntry[] = [];
  for (const entry of walk(mmu, core, { root: guest.root })) {
    if (seen.push(entry) === MAX_ENTRIES) break;
  }
  ensure(summarizeWalk(mmu, seen).entries === seen.length, 'each entry is summarised');
  const { hpa, steps } = translate(mmu, core, { root: guest.root }, 0x1234n);
  ensure(steps.length <= 4, 'a translation has as many steps as there are levels');
  return { entries: seen.length, translated: hpa !== null };
}

const SEEDS: readonly Seed[] = [
  buildElf(segments),
  buildElf(segments, { extended: true }),
  buildElf(segments, { phentsize: 64 }),
].map((file) => headersFirst(seedOf(file, readAll)));

/** Of the numbers in the tables a few are enough; the headers are what is to lie. */
function headersFirst({ bytes, numbers }: Seed): Seed {
  const inHeaders = numbers.filter(({ at }) => at < 512);
  return { bytes, numbers: [...inHeaders, ...numbers.filter((_, index) => index % 200 === 0)] };
}

/** Opens an ELF core and walks the tables in it. Nothing but an `ImageError` may come out of it. */
export const elfTarget: Target = {
  name: 'elf',
  unit: 'files',
  input: (random) => mutate(random, SEEDS),
  feed(input): Outcome {
    try {
      const { entries, translated } = readAll(input);
      if (entries === 0) return { ending: 'opened, without a root', count: 1 };
      return { ending: translated ? 'walked, translated' : 'walked', count: 1 };
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      return { ending: error.message.replaceAll(/0x[0-9a-f]+|\d+/g, 'N').slice(0, 32), count: 1 };
    }
  },
};
