// SPDX-License-Identifier: GPL-2.0-only
import {
  coreVariants,
  type DistributionKernel,
  distributionLayouts,
  formatKernelVersion,
  hex,
  type Kernel,
  type Layout,
  layoutFor,
  layouts,
  namedKernels,
  type ReleaseRun,
  type Releases,
  readKernelRelease,
  readReleases,
  rhelReleases,
  type Variant,
} from '@spte/core';
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
      mmioMarker === null
        ? 'none'
        : `${bitsOf(mmioMarker)} = ${mmioMarker.mask >> mmioMarker.shift}${mmioMarkerAlone ? ', no more' : ''}`,
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

/** A kernel of RHEL that was read, by its release. */
interface RhelKernel {
  readonly release: string;
  readonly kernel: Kernel;
}

/** The kernels of each major release of RHEL that were read, or whose changelog was. */
const RHEL: readonly (readonly RhelKernel[])[] = Object.values(rhelReleases).map((releases: Releases) =>
  releases
    .filter(({ sure }) => sure !== 'number only')
    .map(({ release, example }) => ({ release, kernel: readKernelRelease(example) })),
);

/** The releases of RHEL for which something holds: `8.7 to 8.10, 9.1 to 9.3`. */
function rhelWith(holds: (kernel: Kernel) => boolean): string {
  const runs: RhelKernel[][] = [];
  for (const kernels of RHEL) {
    let run: RhelKernel[] = [];
    for (const of of kernels) {
      if (!holds(of.kernel)) {
        run = [];
        continue;
      }
      if (run.length === 0) runs.push(run);
      run.push(of);
    }
  }
  return runs.map(nameOfRun).join(', ');
}

function nameOfRun(run: readonly RhelKernel[]): string {
  const releases = run.flatMap(({ release }) => release.split(' to '));
  return [...new Set([releases[0], releases.at(-1)])].join(' to ');
}

/** Whether the rules of a kernel were read, and not only where its bits are. */
const isRuleRead = ({ sure, layout }: Kernel): boolean =>
  sure === 'read' && (layout === null || !distributionLayouts.includes(layout));

function layoutTable(shown: readonly Layout[]): string {
  const until = ({ since, until: last }: Layout): string => {
    if (last === null) return ' on';
    return last === since ? '' : ` to ${last}`;
  };
  const rhel = (layout: Layout): string =>
    rhelWith((kernel) => (kernel.layout ?? layoutFor(kernel)) === layout);
  return table(
    ['bits', ...shown.map((layout) => `${layout.since}${until(layout)}`)],
    [...LAYOUT_ROWS.map(([name, text]) => [name, ...shown.map(text)]), ['in RHEL', ...shown.map(rhel)]],
  );
}

function variantTable(variants: readonly Variant<unknown>[]): string {
  const rows = variants.flatMap((variant) =>
    variant.rows.map((row, index) => [
      index === 0 ? variant.topic : '',
      index === 0 ? '' : row.since,
      row.change,
      rhelWith((kernel) => isRuleRead(kernel) && variant.rowOf(kernel) === row),
      commitText(row.commits ?? []),
    ]),
  );
  return table(['what', 'since', 'how', 'in RHEL', 'upstream commits'], rows);
}

/** A kernel of a distribution, as the cells of its row. */
function distributionRow(name: string, example: string, row: DistributionKernel): string[] {
  const { sure, candidates = [], note = '', source = '' } = row;
  const kernel = readKernelRelease(example);
  const beside = Object.entries(kernel.overrides ?? {}).map(
    ([topic, version]) => `${topic} as ${formatKernelVersion(version)}`,
  );
  const layout = row.layout === undefined ? [] : [`bits in the places of ${row.layout.since}`];
  return [
    name,
    `\`${example}\``,
    row.base ?? 'its number',
    [...layout, ...beside].join('; '),
    candidates.join(', '),
    sure,
    source,
    note,
  ];
}

const DISTRIBUTION_HEAD = ['release', 'a name', 'taken as', 'but', 'or as', 'how sure', 'read', 'note'];

const rhelTables = (): string[] =>
  Object.entries(rhelReleases).flatMap(([major, releases]) => [
    `### RHEL ${major}`,
    table(
      DISTRIBUTION_HEAD,
      releases.map((row) => distributionRow(`RHEL ${row.release}`, row.example, row)),
    ),
  ]);

const namedTable = (): string =>
  table(
    DISTRIBUTION_HEAD,
    namedKernels.map((row) => distributionRow(row.distribution, row.example, row)),
  );

const SECTIONS: readonly [string, readonly Variant<unknown>[]][] = [
  ['Building, reading and changing entries', coreVariants],
  ['MMIO', mmioVariants],
  ['EPT', vmxVariants],
  ['L1TF', l1tfVariants],
];

/** The newest series that was read. */
const NEWEST = formatKernelVersion((readReleases.at(-1) as ReleaseRun).first);

/** The page about kernels, in Markdown: generated from the layouts and variants that the rules use. */
export function kernelTable(): string {
  return `${[
    '# What differs between kernels',
    '<!-- Generated from the layouts and variants of the packages by `pnpm run docs:kernels`: change those. -->',
    `Name a kernel and the packages take its layout and its behaviour: \`createMmu({ kernel: "6.12.117", … })\`. 6.8 is the reference, which is also taken when no kernel is named; 6.7 and 6.9 are like it, and 6.6.0 to 6.6.63 but for the memory type of a guest that turns caches off. \`5.4\` and a distribution's \`6.1.0-56-amd64\` mean the newest release of their series, any other \`6.1\` is 6.1.0. A release that was not read is taken for the one before it, with a caveat that names the releases around it and what differs between them; releases newer than ${NEWEST} are taken for ${NEWEST}. Kernels whose number is not that of their KVM are [below](#distribution-kernels).`,
    '## Where the bits are',
    layoutTable(layouts),
    ...SECTIONS.flatMap(([title, variants]) => [`## ${title}`, variantTable(variants)]),
    '## Distribution kernels',
    'The number of a distribution\'s kernel says little where later releases were carried back: RHEL 9.5 is 5.14.0-503, and its KVM that of 6.10. `readKernelRelease("5.14.0-503.14.1.el9_5.x86_64")` knows these names, as `--kernel` and `--host` do, and answers with a kernel that `createMmu()` takes: a base, the upstream release whose rules it follows; the points in which it follows another one; how that is known. "read" means that its source was compared with upstream releases, "read in part" that some files were, "changelog" that its changelog was read and its source was not, "number only" that nothing but its number is known: it was not read. A kernel of RHEL between two that were read is taken for the older, and "number only". RHEL stands for what is rebuilt from it, too: AlmaLinux, CentOS, Oracle Linux (not its UEK) and Rocky Linux. The column "in RHEL" of the tables above says which of them do what upstream has done since a release: there a change arrived under an older number.',
    ...rhelTables(),
    '### Bits that no upstream release since 5.4 has in these places',
    layoutTable(distributionLayouts),
    '### Others',
    'By its number: a name that ends in `.0-N` hides its stable release, and is taken for the newest of its series, unless `uname -v` (Debian) or `/proc/version_signature` (Ubuntu) names it. `caveatsOf(mmu)` lists the releases of the series that changed a rule. A name that no row is for counts by its number, too. A release candidate counts as the release that it precedes, and what `git describe` says as the release that it begins with.',
    namedTable(),
    'An upstream commit is named where it is known for certain, from an erratum that it fixes.',
    'A release in the second column with three numbers (6.1.192) is a fix in that stable series; the row after it begins with the next series, which lacks it.',
  ].join('\n\n')}\n`;
}
