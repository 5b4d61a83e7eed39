// SPDX-License-Identifier: GPL-2.0-only
import { formatKernel, hex, MASK_MEANINGS, type Masks, type Mmu } from '@spte/core';

/** A mask of the registry. */
export interface MaskRow {
  readonly name: string;
  readonly meaning: string;
  readonly value: string;
  /** The bits, for masks that have some. */
  readonly mask: bigint | null;
  readonly setBy: string;
  /** The value on the preset's machine, where it is another. */
  readonly presetValue: string | null;
}

/** All masks in the registry's order. */
export function maskRows({ masks, setBy }: Mmu, preset: Mmu | null): MaskRow[] {
  return (Object.keys(masks) as (keyof Masks)[]).map((name) => {
    const value = masks[name];
    return {
      name,
      meaning: MASK_MEANINGS[name],
      value: maskText(value),
      mask: typeof value === 'bigint' ? value : null,
      setBy: setBy[name],
      presetValue: preset === null || preset.masks[name] === value ? null : maskText(preset.masks[name]),
    };
  });
}

/** The value of a mask, a number or a switch of the registry. */
export function maskText(value: bigint | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'bigint' ? hex(value) : value.toString();
}

/** The machine in a line: `vmx, EPT entries, Linux 6.8, layout 5.13 to 6.9`. */
export function summaryOf({ vendor, kernel, layout, root }: Mmu): string {
  const until = layout.until === null ? 'on' : `to ${layout.until}`;
  return [
    `${vendor.name}, ${vendor.format.name} entries`,
    `${root.kind} MMU of ${root.level} levels`,
    `Linux ${formatKernel(kernel)}: layout of ${layout.since} ${until}`,
  ].join('; ');
}
