// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS_SIZES_LEAF } from '@spte/core';
import { MEMORY_ENCRYPTION_LEAF } from '@spte/vendor-svm';
import { type Sourced, sourceLines, type TextFile } from './source.ts';

/** What a leaf of CPUID answers, as far as it is needed here. */
export interface CpuidLeaf {
  readonly eax: number;
  readonly ebx: number;
}

/** The leaves that masks depend on and `/proc/cpuinfo` does not show. */
export const CPUID_LEAVES: readonly number[] = [ADDRESS_SIZES_LEAF, MEMORY_ENCRYPTION_LEAF];

/** `   0x80000008 0x00: eax=0x00003028 ebx=0x00000000 ecx=0x00000000 edx=0x00000000`, as `cpuid -r` prints. */
const LINE = /^0x([\da-f]{8}) 0x00: eax=0x([\da-f]{8}) ebx=0x([\da-f]{8}) /;

/** Reads what `cpuid -r` prints: the leaves of the first CPU. */
export function parseCpuid(file: TextFile): ReadonlyMap<number, Sourced<CpuidLeaf>> {
  const leaves = new Map<number, Sourced<CpuidLeaf>>();
  for (const source of sourceLines(file)) {
    const [leaf, eax, ebx] = (LINE.exec(source.text) ?? []).slice(1).map((hex) => Number.parseInt(hex, 16));
    if (leaf === undefined || eax === undefined || ebx === undefined || leaves.has(leaf)) continue;
    leaves.set(leaf, { value: { eax, ebx }, source });
  }
  return leaves;
}

/** EAX, EBX, ECX and EDX. */
type Registers = readonly [eax: number, ebx: number, ecx: number, edx: number];

const word = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

/** Writes a leaf as `cpuid -r` does. */
export function cpuidLine(leaf: number, [eax, ebx, ecx, edx]: Registers): string {
  const registers = `eax=${word(eax)} ebx=${word(ebx)} ecx=${word(ecx)} edx=${word(edx)}`;
  return `   ${word(leaf)} 0x00: ${registers}\n`;
}
