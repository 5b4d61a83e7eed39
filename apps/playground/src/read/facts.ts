// SPDX-License-Identifier: GPL-2.0-only
import {
  type CpuReading,
  type Explanation,
  exposureText,
  getRsvdBits,
  hex,
  type Mmu,
  outcomeText,
} from '@spte/core';
import { bitPhrase } from '../bits/bit-ranges.ts';

/** Whether a fact is a good or a bad one; most are neither. */
type Tone = 'good' | 'bad' | 'plain';

interface Fact {
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
const withBits = (mask: bigint): string => (mask === 0n ? 'none' : `${hex(mask)}, ${bitPhrase(mask)}`);

/** Everything to be said about an entry beside its fields and findings. */
export function factsOf(mmu: Mmu, explained: Explanation): FactGroup[] {
  return [
    mappingFacts(explained),
    mmioFacts(explained),
    reservedFacts(mmu, explained),
    ...explained.cpu.map(cpuFacts),
    exposureFacts(explained),
  ].filter((group) => group !== null);
}

function mappingFacts({ mapping, kind, fields }: Explanation): FactGroup | null {
  if (mapping === null) return null;
  const { pfn, hpa, access, memtype, adType, hostWritable, mmuWritable, restored } = mapping;
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
    fact('A/D', fields.find(({ name }) => name === 'adType')?.text ?? adType),
  ];
  if (kind === 'table') return { title: 'Points to', facts };
  if (restored !== null) facts.push(fact('restored', hex(restored)));
  facts.push(fact('memory type', memtype ?? "the host's"));
  if (hostWritable !== null) facts.push(fact('host-writable', yesNo(hostWritable)));
  if (mmuWritable !== null) facts.push(fact('MMU-writable', yesNo(mmuWritable)));
  return { title: 'Mapping', facts };
}

function mmioFacts({ mmio }: Explanation): FactGroup | null {
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

/** KVM's own check, as `make_spte()` runs and prints it. */
function reservedFacts({ zeroCheck }: Mmu, { mapping, level, value }: Explanation): FactGroup | null {
  if (mapping === null) return null;
  const title = 'Reserved bits';
  if (level === null) return { title, facts: [fact('set', 'depends on the level: choose one')] };
  const reservedHere = getRsvdBits(zeroCheck, value, level);
  const reserved = value & reservedHere;
  return {
    title,
    facts: [
      fact('set', withBits(reserved), reserved === 0n ? 'good' : 'bad'),
      fact('reserved here', withBits(reservedHere)),
    ],
  };
}

/** How the CPU takes accesses through the entry. */
function cpuFacts({ accessor, read, write, fetch }: CpuReading): FactGroup {
  const title = accessor === 'guest' ? 'On the CPU' : `On the CPU, ${accessor}`;
  const texts = [read, write, fetch].map(outcomeText);
  if (texts.every((text) => text === texts[0])) return { title, facts: [fact('any access', texts[0] ?? '')] };
  return {
    title,
    facts: [fact('read', texts[0] ?? ''), fact('write', texts[1] ?? ''), fact('fetch', texts[2] ?? '')],
  };
}

/** What a CPU with L1TF reads on the way to the fault, for an entry that faults. */
function exposureFacts({ l1tf, kind }: Explanation): FactGroup | null {
  if (l1tf === null) return null;
  const { fetches, safe } = l1tf;
  const facts = [
    fact('would fetch', fetches === null ? 'nothing' : hex(fetches)),
    // The page of a mapping is the guest's own, so that there is nothing new to learn from it.
    fact('safe', yesNo(safe), safe ? 'good' : kind === 'tracked' ? 'plain' : 'bad'),
    fact('why', exposureText(l1tf)),
  ];
  if (kind === 'tracked' && !safe) facts.push(fact('but', "the page is this guest's own"));
  return { title: 'L1TF', facts };
}
