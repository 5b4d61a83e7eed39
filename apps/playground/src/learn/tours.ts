// SPDX-License-Identifier: GPL-2.0-only
import type { Explanation } from '@spte/core';
import type { Machine } from '../machine/machine.ts';
import { presetOf } from '../machine/presets.ts';
import type { BuildForm } from '../state/build-form.ts';
import type { ReadForm } from '../state/read-form.ts';
import { type State, stateOf } from '../state/state.ts';

/** A machine of a tour: a preset, and what differs from it. */
interface Place {
  readonly preset: string;
  readonly machine?: Partial<Machine>;
}

/** A step of a tour: a state of the page, and what to look at. */
export interface TourStep extends Place {
  readonly text: string;
  readonly view: 'read' | 'build' | 'compare';
  readonly read?: Partial<ReadForm>;
  readonly build?: Partial<BuildForm>;
  /** The preset to compare with. */
  readonly with?: string;
  /** Part of what the page concludes there. */
  readonly shows: string;
}

/** What to try at the end: to turn over one bit of an entry. */
export interface Question extends Place {
  readonly ask: string;
  readonly spte: bigint;
  readonly level: number;
  /** Whether an entry is what was asked for. */
  readonly isRight: (explained: Explanation) => boolean;
}

export interface Tour {
  readonly title: string;
  readonly steps: readonly TourStep[];
  readonly question: Question;
}

const clean = ({ findings }: Explanation): boolean => findings.length === 0;

const leafOf = (preset: string, machine?: Partial<Machine>): Place =>
  machine === undefined ? { preset } : { preset, machine };

const DEBIAN = { kernel: '6.1.192', physBits: '40', rawPhysBits: '40', pml: false, cacheBits: '44' } as const;
const TRACKING = leafOf('haswell', { ...DEBIAN, eptAd: false });
const CORE2 = leafOf('intel-shadow', {
  kernel: '5.10.0-rc6',
  physBits: '36',
  rawPhysBits: '36',
  cacheBits: '36',
  rootLevel: '3',
});
const NX: Partial<Machine> = { nxHugePages: true };

export const TOURS: readonly Tour[] = [
  {
    title: 'EPT and NPT side by side',
    steps: [
      {
        text: 'A leaf of an Intel guest: R, W and X are bits of their own, the memory type is in the entry.',
        ...leafOf('cascade-lake'),
        view: 'read',
        read: { spte: '0x600000455299b77', level: '1' },
        shows: 'rwx, WB',
      },
      {
        text: 'The same page for AMD: present, user and writable at the bottom; execution is what NX does not forbid.',
        ...leafOf('milan'),
        view: 'build',
        shows: '0x455299e67',
      },
      {
        text: 'Both at once: KVM’s own bits stand where each CPU looks away.',
        ...leafOf('cascade-lake'),
        view: 'compare',
        with: 'milan',
        shows: 'svm',
      },
    ],
    question: {
      ask: 'Turn over the bit of this AMD leaf that takes execution away.',
      ...leafOf('milan'),
      spte: 0x455299e67n,
      level: 1,
      isRight: (told) => clean(told) && told.mapping?.access.execute === false && told.mapping.access.read,
    },
  },
  {
    title: 'How MMIO caching works',
    steps: [
      {
        text: 'There is no memory at this address. The entry makes the CPU fault and tells KVM so, without a search.',
        ...leafOf('ice-lake'),
        view: 'read',
        read: { spte: '0x300000c1010166', level: '1' },
        shows: 'MMIO',
      },
      {
        text: 'KVM makes it from the gfn, the access and the generation of the memslots.',
        ...leafOf('ice-lake'),
        view: 'build',
        build: { make: 'mmio', gfn: '0xc1010', generation: '0x32c' },
        shows: '0x300000c1010166',
      },
      {
        text: 'When the memory of the VM changes, the generation does: the old entry is not believed and made anew.',
        ...leafOf('haswell', DEBIAN),
        view: 'read',
        read: { spte: '0xf80d0000056', level: '1', becomes: '0xf80d0000066' },
        shows: 'MMIO',
      },
    ],
    question: {
      ask: 'Turn over a bit so that the entry is of another generation, for the same gfn.',
      ...leafOf('ice-lake'),
      spte: 0x300000c1010166n,
      level: 1,
      isRight: ({ mmio }) => mmio?.gfn === 0xc1010n && mmio.generation !== 0x32cn,
    },
  },
  {
    title: 'What L1TF relocation does to the bits',
    steps: [
      {
        text: 'A CPU with L1TF looks into its cache at the address of an entry that is not present. So the gpa is not where it seems to be.',
        ...CORE2,
        view: 'read',
        read: { spte: '0x2038001ffe00d407', level: '1' },
        shows: '0xfe00d000',
      },
      {
        text: 'The same machine without the bug: the mask is another, and KVM would not write this.',
        ...leafOf('intel-shadow', { ...CORE2.machine, l1tf: false }),
        view: 'read',
        read: { spte: '0x2038001ffe00d407', level: '1' },
        shows: 'MMIO',
      },
    ],
    question: {
      ask: 'Turn over a bit so that a bit of the guard is missing.',
      ...CORE2,
      spte: 0x2038001ffe00d407n,
      level: 1,
      isRight: ({ findings }) => findings.some(({ code }) => code === 'l1tf-guard-missing'),
    },
  },
  {
    title: 'Access tracking without A/D bits',
    steps: [
      {
        text: 'This CPU keeps no accessed and dirty bits, and the entry says so in bits 53:52.',
        ...leafOf('cascade-lake', { kernel: '6.6.48', eptAd: false, pml: false }),
        view: 'read',
        read: { spte: '0x61000034d4fe877', level: '1' },
        shows: 'maps the 4K page',
      },
      {
        text: 'Aged: the permissions are gone from bits 2:0, and kept in bits 54 and 56 until someone faults.',
        ...TRACKING,
        view: 'read',
        read: { spte: '0x1500000045bc870', level: '1' },
        shows: 'tracked',
      },
    ],
    question: {
      ask: 'Turn over the bit so that the page will not be executable when the permissions come back.',
      ...TRACKING,
      spte: 0x1500000045bc870n,
      level: 1,
      isRight: ({ kind, mapping }) =>
        kind === 'tracked' && mapping !== null && mapping.restored !== null && (mapping.restored & 5n) === 1n,
    },
  },
  {
    title: 'NX huge pages and splitting',
    steps: [
      {
        text: 'A 2M page is asked for with everything. Execute is refused, and the page says why.',
        ...leafOf('cascade-lake'),
        view: 'build',
        build: { at: '2', gfn: '0x0', pfn: '0x21be00' },
        shows: '0x60000021be00bf3',
      },
      {
        text: 'When the guest fetches from it, KVM splits it: a 4K page may be executed.',
        ...leafOf('cascade-lake'),
        view: 'build',
        build: { at: '1', gfn: '0x0', pfn: '0x21be00' },
        shows: '0x60000021be00b77',
      },
    ],
    question: {
      ask: 'Turn over the bit that would let the guest execute from this 2M page.',
      ...leafOf('cascade-lake'),
      spte: 0x60000021be00bf3n,
      level: 2,
      isRight: (told) => clean(told) && told.mapping?.access.execute === true,
    },
  },
  {
    title: 'Why a reserved bit fires',
    steps: [
      {
        text: 'Linux 5.19 warned of this entry: nx_huge_pages had set NX, and KVM’s own check of NPT entries took it for reserved.',
        ...leafOf('milan', { kernel: '5.19', ...NX }),
        view: 'read',
        read: { spte: '0x800000018a600ee7', level: '2' },
        shows: 'reserved',
      },
      {
        text: 'Linux 6.0 mended the check (6c6ab524cfae): the CPU honours NX in NPT entries.',
        ...leafOf('milan', { kernel: '6.0', ...NX }),
        view: 'read',
        read: { spte: '0x800000018a600ee7', level: '2' },
        shows: 'Clean leaf',
      },
    ],
    question: {
      ask: 'On 5.19 again: turn over the bit that makes the entry clean.',
      ...leafOf('milan', { kernel: '5.19', ...NX }),
      spte: 0x800000018a600ee7n,
      level: 2,
      isRight: clean,
    },
  },
];

/** The state of the page at a step. */
export function stateAt({ preset, machine, view, read, build, with: other }: TourStep): State {
  const base = stateOf(presetOf(preset));
  return {
    ...base,
    view,
    machine: { ...base.machine, ...machine },
    read: { ...base.read, ...read },
    build: { ...base.build, ...build },
    ...(other !== undefined && { other: { preset: other, changes: {} } }),
  };
}
