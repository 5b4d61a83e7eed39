// SPDX-License-Identifier: GPL-2.0-only
import { bitNumbers, EPT, hex, type Masks, type Mmu, PT } from '@spte/core';
import { type Check, remade, unless, type Wrong } from './trial.ts';

/** Fields that come with core, whose places KVM's layouts are known to respect. */
const OF_CORE: ReadonlySet<unknown> = new Set([...Object.values(EPT), ...Object.values(PT)]);

const masksText = ({ masks }: Mmu): string =>
  JSON.stringify(masks, (_key, value: unknown) => (typeof value === 'bigint' ? hex(value) : value));

/** Masks of which the CPU reads every bit, and the member that says where. */
const HARDWARE: readonly (keyof Masks)[] = [
  'accessed',
  'dirty',
  'present',
  'user',
  'x',
  'xu',
  'nx',
  'memtype',
];

/** The same start-up gives the same masks, whatever ran in between. */
const pure: Check = {
  name: 'pure',
  holds: 'the start-up has no effect but its result: other machines in between change nothing',
  run(trial) {
    const before = masksText(remade(trial, {}));
    for (const physBits of [52, 39]) remade(trial, { host: { physBits } });
    const after = masksText(remade(trial, {}));
    return unless(
      before === after && before === masksText(trial.mmu),
      'setup',
      () =>
        `the same configuration gave other masks after other machines were set up: ${before} and ${after}; keep nothing between calls`,
    );
  },
};

const configures: Check = {
  name: 'configure-mmu',
  holds: 'the vendor calls configureMmu(), which says whether TDP is on and what the largest page is',
  run: ({ mmu }) =>
    unless(
      mmu.setBy.maxHugePageLevel !== 'initial',
      'setup',
      () =>
        'setup must call configureMmu(setup, registry, tdp, largest page as a level): nothing says how large a page may be',
    ),
};

const masksInFormat: Check = {
  name: 'mask-format',
  holds: "masks of what the CPU reads have bits of the format's fields, or of declared software fields, only",
  run({ mmu }) {
    const { masks, setBy, vendor, extensions, layout } = mmu;
    const fields = [
      ...vendor.format.leaf,
      ...vendor.format.table,
      ...extensions.flatMap(({ software }) => software.map(({ field }) => field)),
    ];
    const known = fields.reduce((sum, { mask, name }) => (name === 'address' ? sum : sum | mask), 0n);
    const own =
      layout.hostWritable.ept.mask |
      layout.hostWritable.legacy.mask |
      layout.mmuWritable.ept.mask |
      layout.mmuWritable.legacy.mask;
    return [
      ...HARDWARE.flatMap((name): Wrong[] => {
        const stray = (masks[name] as bigint) & ~known;
        return stray === 0n
          ? []
          : [
              {
                hook: 'setup',
                text: `masks.${name}, set by ${setBy[name]}, has ${hex(stray)}, where neither the format nor a software field has anything: name the field, or clear the bits`,
              },
            ];
      }),
      ...(['hostWritable', 'mmuWritable'] as const).flatMap((name): Wrong[] => {
        const stray = masks[name] & (vendor.format.address.mask | (known & ~own));
        return stray === 0n
          ? []
          : [
              {
                hook: 'setup',
                text: `masks.${name}, set by ${setBy[name]}, has ${hex(stray)}, which the CPU reads: a software bit must stand where the CPU looks at nothing`,
              },
            ];
      }),
    ];
  },
};

/** Where the fields that a vendor adds to a format stand in every layout, so that one kernel cannot hide another. */
const clearOfLayouts: Check = {
  name: 'layout-overlap',
  holds: 'no field of the format stands where KVM keeps bits of its own, in any kernel in which it holds',
  run({ mmu: { vendor, layout } }) {
    const { format } = vendor;
    const place = format.permissions.noExecute === undefined ? 'ept' : 'legacy';
    const found: Wrong[] = [];
    const kvm = [
      ...(layout.mmuPresent === null ? [] : [layout.mmuPresent]),
      layout.adType,
      ...layout.savedBits.fields,
      layout.hostWritable[place],
      layout.mmuWritable[place],
    ];
    for (const field of new Set([...format.leaf, ...format.table])) {
      if (OF_CORE.has(field)) continue;
      for (const own of kvm) {
        const both = field.mask & own.mask;
        if (both === 0n) continue;
        found.push({
          hook: 'format',
          text: `field ${field.name} has bits ${bitNumbers(both).join(', ')}, where KVM keeps ${own.name} since ${layout.since}: make it a software field with the kernels in which it holds`,
        });
      }
    }
    return found;
  },
};

/** What must hold of the start-up. */
export const startUpChecks: readonly Check[] = [pure, configures, masksInFormat, clearOfLayouts];
