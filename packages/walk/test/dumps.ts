// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createMmu, type Mmu, type SpteKind } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { type PhysicalMemory, segmentedMemory } from '@spte/vmcore';

const policies = [l1tf, mmio()];

export type RunName = 'svm61-npt-tdp-dump' | 'vmx61-ept-noad-dump' | 'svm612-npt-huge-dump';

/** The root of each run, and its machine: from its cpuinfo.txt, params.txt and uname.txt. */
export const runs: Readonly<Record<RunName, { readonly root: bigint; readonly mmu: Mmu }>> = {
  'svm61-npt-tdp-dump': {
    root: 0x83dd000n,
    mmu: createMmu({
      kernel: '6.1.192',
      host: { physBits: 40 },
      vendor: svm(),
      policies,
      params: { nxHugePages: false },
    }),
  },
  'vmx61-ept-noad-dump': {
    root: 0x83a7000n,
    mmu: createMmu({
      kernel: '6.1.192',
      host: { physBits: 40, cacheBits: 44, l1tf: true },
      vendor: vmx({ eptAd: false, pml: false }),
      policies,
    }),
  },
  'svm612-npt-huge-dump': {
    root: 0x74bc000n,
    mmu: createMmu({
      kernel: '6.12.117',
      host: { physBits: 40 },
      vendor: svm(),
      policies,
      params: { nxHugePages: false },
    }),
  },
};

export const runNames: readonly RunName[] = Object.keys(runs) as RunName[];

const unpack = (name: string): Buffer =>
  gunzipSync(readFileSync(new URL(`fixtures/${name}.gz`, import.meta.url)));

/** The table pages of a run, each behind its address; the rest of its memory is a hole. */
export function memoryOf(run: RunName): PhysicalMemory {
  const file = unpack(`${run}.pages`);
  const record = 8 + 4096;
  const segments = Array.from({ length: file.length / record }, (_, i) => ({
    address: file.readBigUInt64LE(i * record),
    offset: BigInt(i * record + 8),
    bytes: 4096n,
  }));
  const bytes: PhysicalMemory = {
    read: (offset, length) => file.subarray(Number(offset), Number(offset) + length),
  };
  return segmentedMemory(bytes, segments);
}

/** What walk.txt says of an entry. */
export interface WalkLine {
  readonly level: number;
  readonly gpa: bigint;
  readonly spte: bigint;
  readonly kind: SpteKind;
}

const KINDS: Readonly<Record<string, SpteKind>> = { acctrack: 'tracked', nonpresent: 'empty' };

/** What another walker found, every word that is not zero. */
export function walkLines(run: RunName): WalkLine[] {
  const line = /^L(\d) gpa (0x[0-9a-f]+) spte ([0-9a-f]{16}) (\w+)$/gm;
  return [...unpack(`${run}.walk.txt`).toString().matchAll(line)].map(([, level, gpa, spte, kind]) => ({
    level: Number(level),
    gpa: BigInt(gpa as string),
    spte: BigInt(`0x${spte as string}`),
    kind: KINDS[kind as string] ?? (kind as SpteKind),
  }));
}

/** Where the host's own `/proc/self/pagemap` said that a guest page is, or was before it was swapped out. */
export function groundTruth(run: RunName): [gpa: bigint, hpa: bigint][] {
  const line = /^GROUND gpa (0x[0-9a-f]+) -> hpa (0x[0-9a-f]+|0)/gm;
  return [...unpack(`${run}.ground.txt`).toString().matchAll(line)].map(([, gpa, hpa]) => [
    BigInt(gpa as string),
    BigInt(hpa as string),
  ]);
}
