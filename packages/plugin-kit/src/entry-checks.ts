// SPDX-License-Identifier: GPL-2.0-only
import {
  AD_DISABLED,
  accessBits,
  allAccess,
  type DecodedMapping,
  decodeSpte,
  explainSpte,
  type Finding,
  findingText,
  hex,
  isAdDisabled,
  judgeSpte,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  markSpteForAccessTrack,
  type Outcome,
  observe,
  PAGE_SHIFT,
  type PageRole,
  PT,
  pageRole,
  plainHost,
  restoreAccTrackSpte,
  spteToPfn,
  toJson,
} from '@spte/core';
import { type Check, FINE, leafAt, remade, unless, type Wrong } from './trial.ts';

/** Requests of which every machine must make a clean entry. */
interface Asked {
  readonly level: number;
  readonly access: number;
  readonly pfn: bigint;
  readonly gfn: bigint;
}

function* requests(mmu: Mmu): Generator<Asked> {
  const acc = accessBits(mmu.kernel);
  const all = allAccess(acc);
  const { masks, zeroCheck, root } = mmu;
  // KVM maps private memory by 4K, and with all access.
  const levels = root.isMirror ? 1 : masks.maxHugePageLevel;
  const accesses = root.isMirror ? [all] : [all, all & ~acc.write];
  // Up to 5.19 KVM's own check of NPT reserves NX, though KVM sets it (upstream commit 6c6ab524cfae).
  if (!root.isMirror && ((zeroCheck.bit7Clear[0] as bigint) & masks.nx) === 0n)
    accesses.push(all & ~acc.exec);
  for (let level = 1; level <= levels; level++) {
    for (const access of accesses) {
      for (const frame of [0x40000n, 0x80000n]) yield { level, access, pfn: frame, gfn: frame + 0x40000n };
    }
  }
}

/** The role of a table at a level, as KVM has it on this machine. */
const roleAt = (mmu: Mmu, level: number): PageRole =>
  pageRole({ level, adDisabled: isAdDisabled(mmu), isMirror: mmu.root.isMirror });

const make = (mmu: Mmu, { level, access, pfn, gfn }: Asked): bigint =>
  makeSpte(mmu, plainHost, { role: roleAt(mmu, level), gfn, pfn, access }).spte;

const findingsText = (findings: readonly Finding[]): string =>
  findings.map((finding) => `${finding.code} (${findingText(finding)})`).join('; ');

/** Every check of leaves that are built begins so. */
const forEachLeaf = (mmu: Mmu, ask: (request: Asked, spte: bigint) => readonly Wrong[]): Wrong[] => {
  for (const request of requests(mmu)) {
    const wrong = ask(request, make(mmu, request));
    if (wrong.length > 0) return [...wrong];
  }
  return [];
};

const build: Check = {
  name: 'build',
  holds: 'a leaf that core builds on this machine is one, without a WARN and without a finding',
  run: ({ mmu }) => [
    ...mmu.initWarnings.map(({ code }) => ({ hook: 'setup', text: `the start-up raises the WARN ${code}` })),
    ...forEachLeaf(mmu, (request, spte) => {
      const [warning] = observe(mmu, (mmu) => make(mmu, request)).warnings;
      if (warning !== undefined) {
        return [
          {
            hook: 'setup',
            text: `building ${hex(spte)} at level ${request.level} raises the WARN ${warning.code}`,
          },
        ];
      }
      const findings = judgeSpte(mmu, spte, request.level);
      const at = `the leaf ${hex(spte)} at level ${request.level}, which core built`;
      return unless(findings.length === 0, 'setup', () => `${at}, has findings: ${findingsText(findings)}`);
    }),
  ],
};

const table: Check = {
  name: 'table',
  holds: 'a table entry that core builds has no finding',
  run({ mmu }) {
    const spte = makeNonleafSpte(mmu, 0x1234000n, false);
    const findings = judgeSpte(mmu, spte, 2);
    const at = `the table entry ${hex(spte)}, which core built`;
    return unless(findings.length === 0, 'setup', () => `${at}, has findings: ${findingsText(findings)}`);
  },
};

const frame: Check = {
  name: 'pfn',
  holds: 'the pfn that is put in is the pfn that is read',
  run: ({ mmu }) =>
    forEachLeaf(mmu, ({ pfn }, spte) => {
      const read = spteToPfn(mmu, spte);
      return unless(
        read === pfn,
        'setup',
        () =>
          `pfn ${hex(pfn)} went in, ${hex(read)} came out of ${hex(spte)}: masks.baseAddr must have all of the address`,
      );
    }),
};

/** Whether an access goes on. */
const goesThrough = (outcome: Outcome): boolean =>
  'passes' in outcome ? outcome.passes : outcome.kind === 'translates';

/** Whether it goes on to the page, as far as the outcome says where. */
const reaches = (outcome: Outcome, hpa: bigint): boolean =>
  goesThrough(outcome) && !(outcome.kind === 'translates' && outcome.hpa !== hpa);

const cpu: Check = {
  name: 'cpu',
  holds: 'the CPU goes through a clean leaf to the page that it maps, for what the leaf allows',
  run: ({ mmu }) =>
    mmu.vendor.cpuReads === undefined
      ? FINE
      : forEachLeaf(mmu, ({ pfn, level }, spte) => {
          const { cpu: readings, mapping } = explainSpte(mmu, spte, level);
          const [reading] = readings;
          if (reading === undefined) {
            return [
              {
                hook: 'cpuReads',
                text: `cpuReads says nothing of the leaf ${hex(spte)}: answer how read, write and fetch end`,
              },
            ];
          }
          const { access } = mapping as DecodedMapping;
          const allowed = { read: access.read, write: access.write, fetch: access.execute };
          const hpa = pfn << PAGE_SHIFT;
          return (['read', 'write', 'fetch'] as const).flatMap((what): readonly Wrong[] => {
            const outcome = reading[what];
            if (!allowed[what]) {
              return unless(
                !goesThrough(outcome),
                'cpuReads',
                () =>
                  `a ${what} through ${hex(spte)} goes through, though the format says that it is not allowed`,
              );
            }
            const got = JSON.stringify(toJson(outcome));
            return unless(
              reaches(outcome, hpa),
              'cpuReads',
              () => `a ${what} through ${hex(spte)} must reach hpa ${hex(hpa)} (pfn << 12), got ${got}`,
            );
          });
        }),
};

const identity: Check = {
  name: 'identity',
  holds: 'what is decoded from a leaf, built again, is the leaf',
  run: ({ mmu }) =>
    forEachLeaf(mmu, (request, spte) => {
      const again = make(mmu, { ...request, pfn: spteToPfn(mmu, spte) });
      return unless(
        again === spte,
        'leafBits',
        () =>
          `built again from what was decoded, ${hex(spte)} is ${hex(again)}: the same request must give the same bits`,
      );
    }),
};

const reasons: Check = {
  name: 'reasons',
  holds: 'every bit that is set has a reason',
  run: ({ mmu }) =>
    forEachLeaf(mmu, (request) => {
      const { value, reasons } = observe(mmu, (mmu) => make(mmu, request));
      const said = reasons.reduce((sum, reason) => sum | reason.bits, 0n);
      const empty = reasons.find(({ why }) => why.trim() === '');
      if (empty !== undefined)
        return [{ hook: 'leafBits', text: `bits ${hex(empty.bits)} were set with an empty reason` }];
      return unless(
        (value & ~said) === 0n,
        'leafBits',
        () =>
          `bits ${hex(value & ~said)} of ${hex(value)} have no reason: set each by set(bits, why), and return what it returns`,
      );
    }),
};

const track: Check = {
  name: 'track',
  holds: 'a leaf that is access-tracked comes back as it was',
  run: ({ mmu }) =>
    mmu.masks.accTrack === 0n || mmu.masks.kvmAdEnabled
      ? FINE
      : forEachLeaf(mmu, (_request, spte) => {
          const { savedBits } = mmu.layout;
          const back = restoreAccTrackSpte(mmu, markSpteForAccessTrack(mmu, spte));
          // What comes back was used, and W waits for a write fault.
          const lost =
            (back ^ spte) & ~(mmu.masks.accessed | PT.writable.mask | (savedBits.mask << savedBits.shift));
          return unless(
            lost === 0n,
            'setup',
            () =>
              `after access tracking, ${hex(spte)} comes back as ${hex(back)}: masks.accTrack must have what is saved, and no more`,
          );
        }),
};

const adTypes: Check = {
  name: 'ad-type',
  holds: 'A/D types are kept: none where the role says that hardware keeps no A/D bits',
  run({ mmu }) {
    const { layout } = mmu;
    const leaf = makeSpte(mmu, plainHost, {
      role: pageRole({ adDisabled: true }),
      gfn: 0x80000n,
      pfn: 0x40000n,
    }).spte;
    const type = (leaf & layout.adType.mask) >> layout.adType.shift;
    return unless(
      type === AD_DISABLED,
      'format',
      () =>
        `a leaf of a page without A/D bits has the A/D type ${type}, not ${AD_DISABLED}: do other bits stand in ${layout.adType.high}:${layout.adType.low}?`,
    );
  },
};

const WIDTHS = Array.from({ length: 52 - 32 + 1 }, (_, n) => 32 + n);

const reserved: Check = {
  name: 'reserved',
  holds:
    'address bits beyond MAXPHYADDR are reserved, those below are not, for 32 to 52 bits at levels 1 to 5',
  run(trial) {
    if (!trial.slow || trial.mmu.root.kind !== 'tdp') return FINE;
    for (const physBits of WIDTHS) {
      const { host } = trial.config;
      const mmu = remade(trial, { host: { ...host, physBits, cpuid80000008Eax: physBits, l1tf: false } });
      const free = mmu.masks.meMask | mmu.masks.meValue;
      for (let level = 1; level <= mmu.root.level; level++) {
        for (const large of level === 1 ? [false] : [false, true]) {
          const mask = (large ? mmu.zeroCheck.bit7Set : mmu.zeroCheck.bit7Clear)[level - 1] as bigint;
          for (let n = 32; n < 52; n++) {
            const bit = 1n << BigInt(n);
            if ((free & bit) !== 0n) continue;
            const is = (mask & bit) !== 0n;
            if (is !== n >= physBits) {
              return [
                {
                  hook: 'reserved',
                  text: `with MAXPHYADDR ${physBits}, bit ${n} is ${is ? '' : 'not '}reserved at level ${level}: address bits below MAXPHYADDR must be free, those beyond reserved`,
                },
              ];
            }
          }
        }
      }
    }
    return FINE;
  },
};

const agrees: Check = {
  name: 'cpu-reserved',
  holds: 'the CPU refuses a leaf with an address bit that is reserved',
  run({ mmu }) {
    const { cpuReads, format } = mmu.vendor;
    const reservedBits = (mmu.zeroCheck.bit7Clear[0] as bigint) & format.address.mask & ~mmu.masks.mmioMask;
    if (cpuReads === undefined || reservedBits === 0n) return FINE;
    const top = 1n << BigInt(reservedBits.toString(2).length - 1);
    const spte = leafAt(mmu, 1, 0x40000n) | top;
    const passes = explainSpte(mmu, spte, 1).cpu.some(({ read }) => goesThrough(read));
    return unless(
      !passes,
      'cpuReads',
      () =>
        `${hex(spte)} has the reserved bit ${hex(top)}, but cpuReads lets a read through: the CPU checks reserved bits, too`,
    );
  },
};

const memtype: Check = {
  name: 'memtype',
  holds: 'the memory type is within its mask, and RAM is write-back',
  run({ mmu }) {
    const { vendor, masks } = mmu;
    const { format, getMtMask } = vendor;
    if (getMtMask === undefined || masks.memtype === 0n) return FINE;
    const bits: unknown = getMtMask(mmu, plainHost, 0x80000n, false);
    if (typeof bits !== 'bigint')
      return [{ hook: 'getMtMask', text: `getMtMask must answer a bigint, got a ${typeof bits}` }];
    const stray = BigInt.asUintN(64, bits) & ~masks.memtype;
    if (stray !== 0n) {
      return [
        {
          hook: 'getMtMask',
          text: `getMtMask answers ${bits}, of which ${hex(stray)} is outside the field: shift the type to where the entry has it`,
        },
      ];
    }
    const place = format.memtype;
    if (place === undefined) return FINE;
    const ram = decodeSpte(mmu, leafAt(mmu, 1, 0x40000n), 1).mapping?.memtype;
    return unless(
      ram === 'WB',
      'getMtMask',
      () =>
        `RAM of a plain VM is ${String(ram)}, and must be WB: is the type shifted to bits ${place.high}:${place.low}?`,
    );
  },
};

/** What must hold of entries that are built. */
export const entryChecks: readonly Check[] = [
  memtype,
  reserved,
  build,
  table,
  frame,
  cpu,
  identity,
  reasons,
  track,
  adTypes,
  agrees,
];
