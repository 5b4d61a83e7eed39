// SPDX-License-Identifier: GPL-2.0-only
import { type DecodedSpte, getRsvdBits, hex, isBadMtXwr, type Mmu } from '@spte/core';
import { l1tfExposure } from '@spte/l1tf';
import { eptMisconfig } from '@spte/vendor-vmx';
import { bitText } from './bit-ranges.ts';

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
const withBits = (mask: bigint): string => (mask === 0n ? 'none' : `${hex(mask)} (bits ${bitText(mask)})`);

/** Where a mapping or a table points to and what it allows. */
export function mappingFacts({ mapping, kind }: DecodedSpte): FactGroup | null {
  if (mapping === null) return null;
  const { pfn, hpa, access, memtype, hostWritable, mmuWritable } = mapping;
  const allowed = [
    access.read && 'read',
    access.write && 'write',
    access.execute && 'execute',
    access.user === true && 'user',
  ].filter((word) => word !== false);
  const facts = [
    fact('pfn', hex(pfn)),
    fact('hpa', hex(hpa)),
    fact('allows', allowed.length === 0 ? 'nothing' : allowed.join(', ')),
  ];
  if (kind !== 'table') {
    facts.push(
      fact('memory type', memtype ?? "the host's"),
      fact('host-writable', yesNo(hostWritable)),
      fact('MMU-writable', yesNo(mmuWritable)),
    );
  }
  return { title: kind === 'table' ? 'Points to' : 'Mapping', facts };
}

/** What an MMIO entry remembers. */
export function mmioFacts({ mmio }: DecodedSpte): FactGroup | null {
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

/** What the CPU makes of the entry: reserved bits for one that is present, L1TF for one that faults. */
export function legalityOf(mmu: Mmu, decoded: DecodedSpte): FactGroup[] {
  const { kind, level, value } = decoded;
  const present = decoded.mapping !== null;
  const groups: FactGroup[] = [];
  let reserved = 0n;
  if (present && level !== null) {
    const mask = getRsvdBits(mmu.zeroCheck, value, level);
    reserved = mask & value;
    groups.push({
      title: 'Reserved bits',
      facts: [
        fact('reserved here', withBits(mask)),
        fact('set in this entry', withBits(reserved), reserved === 0n ? 'good' : 'bad'),
        ...typeFacts(mmu, value),
      ],
    });
  } else if (present) {
    groups.push({
      title: 'Reserved bits',
      facts: [fact('reserved here', 'depends on the level: choose one')],
    });
  }
  groups.push(...misconfigOf(mmu, decoded));
  if (!present || kind === 'tracked' || reserved !== 0n) groups.push(exposureOf(mmu, value));
  return groups;
}

/** Memory type and permissions that do not go together; no MMU but EPT's has such combinations. */
function typeFacts({ zeroCheck }: Mmu, value: bigint): Fact[] {
  if (zeroCheck.badMtXwr === 0n) return [];
  const bad = isBadMtXwr(zeroCheck, value);
  return [
    fact('memory type and RWX', bad ? 'a combination that is not allowed' : 'allowed', bad ? 'bad' : 'good'),
  ];
}

/** Whether a CPU with EPT refuses the entry. */
function misconfigOf({ vendor, masks }: Mmu, { kind, level, value }: DecodedSpte): FactGroup[] {
  if (vendor.format.name !== 'ept' || level === null) return [];
  const causes = eptMisconfig(
    {
      maxPhyAddr: masks.shadowPhysBits,
      // Without execute-only entries, readable is what says "present".
      execOnly: masks.present === 0n,
      maxPageLevel: masks.maxHugePageLevel,
    },
    value,
    level,
  );
  const wanted = kind === 'mmio';
  const text = causes.map(({ cause, bits }) => `${cause} (bits ${bits.join(', ')})`).join('; ');
  if (causes.length === 0) {
    return [{ title: 'EPT misconfiguration', facts: [fact('raised', 'no', wanted ? 'bad' : 'good')] }];
  }
  const why = wanted ? [fact('by design', 'this is how KVM learns of the MMIO access')] : [];
  return [{ title: 'EPT misconfiguration', facts: [fact('raised', text, wanted ? 'plain' : 'bad'), ...why] }];
}

/** What a CPU with L1TF reads on the way to the fault. */
function exposureOf({ host }: Mmu, value: bigint): FactGroup {
  const { fetches, safe, why } = l1tfExposure(value, host);
  return {
    title: 'L1TF',
    facts: [
      fact('would fetch', fetches === null ? 'nothing' : hex(fetches)),
      fact('safe', yesNo(safe), safe ? 'good' : 'bad'),
      fact('why', why),
    ],
  };
}
