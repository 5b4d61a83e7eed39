// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedSpte, hex, type Mmu } from '@spte/core';
import { l1tfExposure } from '@spte/l1tf';
import { bitText } from './bit-ranges.ts';
import type { Legality } from './legality.ts';

/** Whether a fact is a good or a bad one; most are neither. */
export type Tone = 'good' | 'bad' | 'plain';

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly tone: Tone;
}

/** Facts under a heading. */
export interface FactGroup {
  readonly title: string;
  readonly facts: readonly Fact[];
}

const fact = (name: string, value: string, tone: Tone = 'plain'): Fact => ({ name, value, tone });
const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
const withBits = (mask: bigint): string => (mask === 0n ? 'none' : `${hex(mask)}, bits ${bitText(mask)}`);

/** Everything to be said about an entry beside its fields. */
export function factsOf(mmu: Mmu, decoded: DecodedSpte, legality: Legality): FactGroup[] {
  return [
    mappingFacts(decoded),
    mmioFacts(decoded),
    reservedFacts(decoded, legality),
    misconfigFacts(decoded, legality),
    exposureFacts(mmu, decoded, legality),
  ].filter((group) => group !== null);
}

function mappingFacts({ mapping, kind }: DecodedSpte): FactGroup | null {
  if (mapping === null) return null;
  const { pfn, hpa, access, memtype, hostWritable, mmuWritable } = mapping;
  const allowed = [
    access.read && 'read',
    access.write && 'write',
    access.execute && 'execute',
    access.user === true && 'user',
  ].filter((word) => word !== false);
  const allows = fact('allows', allowed.length === 0 ? 'nothing' : allowed.join(', '));
  const where = [fact('pfn', hex(pfn)), fact('hpa', hex(hpa)), allows];
  if (kind === 'table') return { title: 'Points to', facts: where };
  return {
    title: 'Mapping',
    facts: [
      ...where,
      fact('memory type', memtype ?? "the host's"),
      fact('host-writable', yesNo(hostWritable)),
      fact('MMU-writable', yesNo(mmuWritable)),
    ],
  };
}

function mmioFacts({ mmio }: DecodedSpte): FactGroup | null {
  if (mmio === null) return null;
  const { gfn, gpa, access, generation } = mmio;
  return {
    title: 'MMIO',
    facts: [
      fact('gfn', hex(gfn)),
      fact('gpa', hex(gpa)),
      fact('access bits', hex(access)),
      fact('generation', hex(generation)),
    ],
  };
}

function reservedFacts({ mapping }: DecodedSpte, legality: Legality): FactGroup | null {
  const title = 'Reserved bits';
  const { reservedHere, reserved, badTypeOrAccess: bad } = legality;
  if (mapping === null) return null;
  if (reservedHere === null) {
    return { title, facts: [fact('set', 'depends on the level: choose one')] };
  }
  const facts = [
    fact('set', withBits(reserved), reserved === 0n ? 'good' : 'bad'),
    fact('reserved here', withBits(reservedHere)),
  ];
  if (bad !== null) {
    facts.push(fact('type and RWX', bad ? 'not a legal combination' : 'legal', bad ? 'bad' : 'good'));
  }
  return { title, facts };
}

function misconfigFacts({ kind }: DecodedSpte, { misconfig }: Legality): FactGroup | null {
  if (misconfig === null) return null;
  const byDesign = kind === 'mmio';
  const title = 'EPT misconfiguration';
  if (misconfig.length === 0) return { title, facts: [fact('raised', 'no', byDesign ? 'bad' : 'good')] };
  return {
    title,
    facts: [
      ...misconfig.map(({ cause, bits }) =>
        fact('raised', `${cause}, bits ${bits.toReversed().join(', ')}`, byDesign ? 'plain' : 'bad'),
      ),
      ...(byDesign ? [fact('by design', 'so KVM learns of the access')] : []),
    ],
  };
}

/** What a CPU with L1TF reads on the way to the fault, for an entry that faults. */
function exposureFacts(
  { host }: Mmu,
  { kind, mapping, value }: DecodedSpte,
  { reserved }: Legality,
): FactGroup | null {
  const faults = mapping === null || kind === 'tracked' || reserved !== 0n;
  if (!faults) return null;
  const { fetches, safe, why } = l1tfExposure(value, host);
  const facts = [
    fact('would fetch', fetches === null ? 'nothing' : hex(fetches)),
    // The page of a mapping is the guest's own, so that there is nothing new to learn from it.
    fact('safe', yesNo(safe), safe ? 'good' : kind === 'tracked' ? 'plain' : 'bad'),
    fact('why', why),
  ];
  if (kind === 'tracked' && !safe) facts.push(fact('but', "the page is this guest's own"));
  return { title: 'L1TF', facts };
}
