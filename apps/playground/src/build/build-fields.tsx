// SPDX-License-Identifier: GPL-2.0-only
import type { FormErrors } from '../fields/attempt.ts';
import { type Flag, Flags } from '../fields/flags.tsx';
import { InlineChoice, InlineText } from '../fields/inline-fields.tsx';
import type { BuildForm } from '../state/build-form.ts';
import { roundedText } from './frame.ts';

interface BuildFieldsProps {
  readonly form: BuildForm;
  readonly errors: FormErrors<keyof BuildForm>;
  readonly set: (fields: Partial<BuildForm>) => void;
}

/** A clause of the sentence: how it begins, and what may hold. */
interface Clause {
  readonly start: string;
  readonly flags: readonly Flag<BuildForm>[];
}

const ACCESS: Clause = {
  start: 'It is to allow',
  flags: [
    ['read', 'read (7.2 on)'],
    ['write', 'write'],
    ['user', 'user (EPT: read)'],
    ['exec', 'execute'],
  ],
};

const AD: Flag<BuildForm> = ['adDisabled', 'keeps no A/D bits'];

const LEAF_CLAUSES: readonly Clause[] = [
  {
    start: 'The page',
    flags: [
      ['hostWritable', 'is writable in the host'],
      ['device', 'is a device, not RAM'],
      ['prefetch', 'is mapped before anyone asked (prefetch)'],
    ],
  },
  { start: 'The page table', flags: [AD, ['guestMode', 'is of a nested guest']] },
  {
    start: 'The VM',
    flags: [
      ['dirtyLog', 'logs dirty pages'],
      ['writeTracked', 'has a guest page table at this gfn'],
      ['canUnsync', 'may let such a table go out of sync'],
      ['nxOptOut', 'opted out of nx_huge_pages'],
    ],
  },
  {
    start: 'Caching: the VM',
    flags: [
      ['noncoherentDma', 'has a device with non-coherent DMA'],
      ['cr0Cd', 'has CR0.CD set'],
      ['quirkCdNw', 'has KVM ignore that (quirk CD_NW_CLEARED)'],
    ],
  },
];

const TABLE_CLAUSES: readonly Clause[] = [{ start: 'The table below', flags: [AD] }];

const CLAUSES: Readonly<Record<BuildForm['make'], readonly Clause[]>> = {
  leaf: [ACCESS, ...LEAF_CLAUSES],
  table: TABLE_CLAUSES,
  mmio: [ACCESS],
};

/** The inputs of the rule that makes the entry, as sentences; those of another rule keep their values out of sight. */
export function BuildFields({ form, errors, set }: BuildFieldsProps) {
  const text = (name: 'gfn' | 'pfn' | 'oldSpte' | 'childPa' | 'generation', label: string) => (
    <InlineText
      label={label}
      value={form[name]}
      error={errors[name]}
      onChange={(typed) => set({ [name]: typed })}
    />
  );
  // A page of another size begins elsewhere: at the frame that KVM rounds to.
  const chooseLevel = (at: BuildForm['at']): void =>
    set({ at, gfn: roundedText(form.gfn, Number(at)), pfn: roundedText(form.pfn, Number(at)) });
  return (
    <div class="build-form">
      <p class="sentence">
        Make{' '}
        <InlineChoice
          label="Make"
          value={form.make}
          options={[
            ['leaf', 'a leaf (a page)'],
            ['table', 'a table'],
            ['mmio', 'an MMIO SPTE'],
          ]}
          onChange={(make) => set({ make })}
        />{' '}
        {form.make === 'leaf' && (
          <>
            at level{' '}
            <InlineChoice
              label="Level"
              value={form.at}
              options={[
                ['1', '1 (4K)'],
                ['2', '2 (2M)'],
                ['3', '3 (1G)'],
              ]}
              onChange={chooseLevel}
            />{' '}
            that maps gfn {text('gfn', 'gfn (hex)')} to pfn {text('pfn', 'pfn (hex)')} and replaces{' '}
            {text('oldSpte', 'Old SPTE (hex)')}. The guest's MTRR says{' '}
            <InlineChoice
              label="Guest MTRR type"
              value={form.guestMtrr}
              options={[
                ['0', 'UC'],
                ['1', 'WC'],
                ['4', 'WT'],
                ['5', 'WP'],
                ['6', 'WB'],
              ]}
              onChange={(guestMtrr) => set({ guestMtrr })}
            />
            .
          </>
        )}
        {form.make === 'table' && (
          <>
            at level{' '}
            <InlineChoice
              label="Level"
              value={form.tableAt}
              options={[
                ['2', '2'],
                ['3', '3'],
                ['4', '4'],
                ['5', '5'],
              ]}
              onChange={(tableAt) => set({ tableAt })}
            />{' '}
            that points to the table at {text('childPa', 'Address of the table below (hex)')}.
          </>
        )}
        {form.make === 'mmio' && (
          <>
            for gfn {text('gfn', 'gfn (hex)')} in memslot generation{' '}
            {text('generation', 'Memslot generation (hex)')}.
          </>
        )}
      </p>
      {CLAUSES[form.make].map(({ start, flags }) => (
        <Flags key={start} legend={start} flags={flags} values={form} set={set} />
      ))}
    </div>
  );
}
