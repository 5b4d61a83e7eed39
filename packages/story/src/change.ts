// SPDX-License-Identifier: GPL-2.0-only
import type { TraceRecord } from '@spte/trace';
import { numberOf } from './fields.ts';

/** What became of an entry. */
type ChangeClass =
  | 'nonpresent'
  | 'map'
  | 'link'
  | 'zap'
  | 'unlink'
  | 'split'
  | 'collapse'
  | 'age'
  | 'unage'
  | 'writeProtect'
  | 'writeAllow'
  | 'dirtyClear'
  | 'same'
  | 'otherBits'
  | 'otherPage'
  | 'otherTable';

/** A line that tells of a change. */
export interface Change {
  readonly kind: ChangeClass;
  readonly gfn: number | null;
  readonly level: number;
  readonly old: bigint;
  readonly new: bigint;
  readonly wasLeaf: boolean;
  readonly isLeaf: boolean;
  readonly wasPresent: boolean;
  readonly isPresent: boolean;
}

const TRACED = 'kvm_tdp_mmu_spte_changed';
const PROBED = 'kvm_changed_spte';

/** Whether a line tells of a change of an entry of the TDP MMU. */
export const isChange = ({ event }: TraceRecord): boolean => event === TRACED || event === PROBED;

const bit = (number: number): bigint => 1n << BigInt(number);

const PRESENT = bit(11);
/** Entries of 5.10 that are there and map nothing: MMIO has both of these bits, and one that is being removed is a value of its own. */
const SPECIAL = 3n << 52n;
const REMOVED: readonly bigint[] = [0x5a0n, bit(59)];
const HUGE = bit(7);
const WRITABLE = bit(1);
const PFN = bit(52) - bit(12);

const isPresent = (event: string, spte: bigint): boolean =>
  event === TRACED
    ? (spte & PRESENT) !== 0n
    : spte !== 0n && !REMOVED.includes(spte) && (spte & SPECIAL) !== SPECIAL;

/** Accessed and dirty, and what stands for an access where the CPU sets no such bit. */
interface Layout {
  readonly accessed: bigint;
  readonly dirty: bigint;
  readonly access: bigint;
}

const EPT: Layout = { accessed: bit(8), dirty: bit(9), access: 7n };
const NPT: Layout = { accessed: bit(5), dirty: bit(6), access: 0n };

/** Reads a line for which {@link isChange} holds; null where it lacks a value. */
export function changeOf(record: TraceRecord, isEpt: boolean): Change | null {
  const before = record.sptes.find(({ role }) => role === 'old')?.value;
  const after = record.sptes.find(({ role }) => role === 'new')?.value;
  const level = numberOf(record, 'level');
  if (before === undefined || after === undefined || level === null) return null;
  const wasPresent = isPresent(record.event, before);
  const present = isPresent(record.event, after);
  const wasLeaf = wasPresent && isLeaf(before, level);
  const leaf = present && isLeaf(after, level);
  const ends = { wasPresent, isPresent: present, wasLeaf, isLeaf: leaf };
  const kind = betweenKinds(ends) ?? (leaf ? betweenLeaves(before, after, isEpt ? EPT : NPT) : 'otherTable');
  return { kind, gfn: numberOf(record, 'gfn'), level, old: before, new: after, ...ends };
}

const isLeaf = (spte: bigint, level: number): boolean => level === 1 || (spte & HUGE) !== 0n;

type Ends = Pick<Change, 'wasPresent' | 'isPresent' | 'wasLeaf' | 'isLeaf'>;

/** What became of an entry whose kind has changed; null where it has not. */
function betweenKinds({ wasPresent, isPresent, wasLeaf, isLeaf }: Ends): ChangeClass | null {
  if (!wasPresent && !isPresent) return 'nonpresent';
  if (!wasPresent) return isLeaf ? 'map' : 'link';
  if (!isPresent) return wasLeaf ? 'zap' : 'unlink';
  if (wasLeaf === isLeaf) return null;
  return wasLeaf ? 'split' : 'collapse';
}

/** What became of a leaf that is still one; the first that fits. */
function betweenLeaves(before: bigint, after: bigint, { accessed, dirty, access }: Layout): ChangeClass {
  if ((before & PFN) !== (after & PFN)) return 'otherPage';
  const cleared = (bits: bigint): boolean => (before & bits) !== 0n && (after & bits) === 0n;
  const set = (bits: bigint): boolean => (before & bits) === 0n && (after & bits) !== 0n;
  if (cleared(access)) return 'age';
  if (set(access)) return 'unage';
  if (cleared(WRITABLE)) return 'writeProtect';
  if (set(WRITABLE)) return 'writeAllow';
  if (cleared(accessed)) return 'age';
  if (cleared(dirty)) return 'dirtyClear';
  return before === after ? 'same' : 'otherBits';
}
