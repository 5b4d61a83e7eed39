// SPDX-License-Identifier: GPL-2.0-only
import { coreVariants, hex, type Layout, layouts, type Variant } from '@spte/core';
import { l1tfVariants } from '@spte/l1tf';
import { mmioVariants } from '@spte/mmio';
import { vmxVariants } from '@spte/vendor-vmx';

const bitsOf = ({ high, low }: { high: number; low: number }): string =>
  high === low ? `${high}` : `${high}:${low}`;

/** Commits of the kernel's own history. */
const commitText = (commits: readonly string[]): string =>
  commits.map((commit) => `\`${commit}\``).join(', ');

/** The rows of the table of layouts: what stands where. */
const LAYOUT_ROWS: readonly [string, (layout: Layout) => string][] = [
  ['MMU-present', ({ mmuPresent }) => (mmuPresent === null ? 'not zero, not MMIO' : bitsOf(mmuPresent))],
  ['host-writable, EPT', ({ hostWritable }) => bitsOf(hostWritable.ept)],
  ['MMU-writable, EPT', ({ mmuWritable }) => bitsOf(mmuWritable.ept)],
  ['host-writable, NPT and shadow', ({ hostWritable }) => bitsOf(hostWritable.legacy)],
  ['MMU-writable, NPT and shadow', ({ mmuWritable }) => bitsOf(mmuWritable.legacy)],
  ['A/D type', ({ adType }) => bitsOf(adType)],
  ['saved by access tracking', ({ savedBits }) => savedBits.fields.map(bitsOf).join(', ')],
  [
    'MMIO marker',
    ({ mmioMarker, mmioMarkerAlone }) =>
      mmioMarker === null ? 'none' : `${bitsOf(mmioMarker)} = 3${mmioMarkerAlone ? ', no more' : ''}`,
  ],
  ['MMIO generation', ({ mmioGeneration: { low, high } }) => `${bitsOf(high)}, ${bitsOf(low)}`],
  ['frozen', ({ frozen }) => (frozen === null ? 'none' : `\`${hex(frozen)}\``)],
  ['empty', ({ empty }) => `\`${hex(empty)}\``],
  ['upstream commits', ({ commits }) => commitText(commits)],
];

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

function layoutTable(): string {
  const until = ({ since, until: last }: Layout): string =>
    last === null ? ' on' : last === since ? '' : ` to ${last}`;
  return table(
    ['bits', ...layouts.map((layout) => `${layout.since}${until(layout)}`)],
    LAYOUT_ROWS.map(([name, text]) => [name, ...layouts.map(text)]),
  );
}

function variantTable(variants: readonly Variant<unknown>[]): string {
  const rows = variants.flatMap(({ topic, rows: [oldest, ...newer] }) => [
    [topic, '', oldest.change, ''],
    ...newer.map(({ since, change, commits = [] }) => ['', since, change, commitText(commits)]),
  ]);
  return table(['what', 'since', 'how', 'upstream commits'], rows);
}

const SECTIONS: readonly [string, readonly Variant<unknown>[]][] = [
  ['Building, reading and changing entries', coreVariants],
  ['MMIO', mmioVariants],
  ['EPT', vmxVariants],
  ['L1TF', l1tfVariants],
];

/** The page about kernels, in Markdown: generated from the layouts and variants that the rules use. */
export function kernelTable(): string {
  return `${[
    '# What differs between kernels',
    '<!-- Generated from the layouts and variants of the packages by `pnpm run docs:kernels`: change those. -->',
    'Name a kernel and the packages take its layout and its behaviour: `createMmu({ kernel: "6.12.117", … })`. 6.8 is the reference, which is also taken when no kernel is named; 6.6.0 to 6.6.63, 6.7 and 6.9 are like it. `5.4` and a distribution\'s `6.1.0-56-amd64` mean the newest release of their series, any other `6.1` is 6.1.0. A release that was not read is taken for the one before it, with a caveat that names the releases around it and what differs between them; releases newer than 7.3 are taken for 7.3.',
    '## Where the bits are',
    layoutTable(),
    ...SECTIONS.flatMap(([title, variants]) => [`## ${title}`, variantTable(variants)]),
    'An upstream commit is named where it is known for certain, from an erratum that it fixes.',
    'A release in the second column with three numbers (6.1.192) is a fix in that stable series; the row after it begins with the next series, which lacks it.',
  ].join('\n\n')}\n`;
}
