// SPDX-License-Identifier: GPL-2.0-only
import {
  type BitTest,
  explainChange,
  explainSpte,
  hex,
  judgeSpte,
  type Mmu,
  makeSpte,
  type PluginKind,
  pageRole,
  plainHost,
  spteKind,
  U64_MAX,
} from '@spte/core';
import { type Check, FINE, leafAt, type Trial, unless, type Wrong } from './trial.ts';

/** Words that hooks must bear: edges, entries of this machine, and words at random. */
export function words({ mmu, next, slow }: Trial, count: number): bigint[] {
  const { masks, layout } = mmu;
  const edges = [0n, U64_MAX, layout.empty, layout.frozen ?? 0n, masks.vmMmioValue, 1n << 63n];
  const leaf = leafAt(mmu, 1, 0x40000n);
  const near = Array.from({ length: slow ? 64 : 0 }, (_, n) => leaf ^ (1n << BigInt(n)));
  return [...edges, leaf, ...near, ...Array.from({ length: count }, () => next())];
}

const total: Check = {
  name: 'total',
  holds: 'hooks that read entries answer for every 64-bit word, at every level, and never throw',
  run(trial) {
    const { mmu } = trial;
    for (const spte of words(trial, 24)) {
      for (const level of [1, 2, null]) {
        for (const finding of explainSpte(mmu, spte, level).findings) {
          if (finding.code !== 'plugin-failed') continue;
          const { hook, message } = finding.params as { hook: string; message: string };
          return [{ hook, text: `${hook} fails for ${hex(spte)} at level ${String(level)}: ${message}` }];
        }
      }
    }
    return FINE;
  },
};

const OUTCOMES: readonly string[] = [
  'translates',
  'next-table',
  'ept-violation',
  'ept-misconfig',
  'nested-page-fault',
  'page-fault',
];

const outcomes: Check = {
  name: 'outcomes',
  holds: 'cpuReads says how read, write and fetch end, in outcomes of core or plugin/name with their text',
  run(trial) {
    const { mmu } = trial;
    for (const spte of words(trial, 8)) {
      for (const level of [1, 2]) {
        for (const reading of explainSpte(mmu, spte, level).cpu) {
          for (const access of ['read', 'write', 'fetch'] as const) {
            const { kind, text, hpa }: { kind: string; text?: string; hpa?: unknown } = reading[access];
            if (!OUTCOMES.includes(kind) && !kind.includes('/')) {
              return [
                {
                  hook: 'cpuReads',
                  text: `${kind} is no outcome of core's: name one of your own ${mmu.vendor.name}/${kind}`,
                },
              ];
            }
            if (kind.includes('/') && typeof text !== 'string')
              return [{ hook: 'cpuReads', text: `the outcome ${kind} must bring its text` }];
            if (kind === 'translates' && typeof hpa !== 'bigint')
              return [
                {
                  hook: 'cpuReads',
                  text: `hpa of a translation must be a bigint, got a ${typeof hpa}`,
                },
              ];
          }
        }
      }
    }
    return FINE;
  },
};

const wordWrong = (what: string, value: unknown): string | null =>
  typeof value !== 'bigint'
    ? `${what} must be a bigint, got a ${typeof value}`
    : value < 0n || value > U64_MAX
      ? `${what} must be within 64 bits and not negative`
      : null;

/** Questions of bits that can be asked. */
function questionWrong(name: string, { mask, value }: Pick<BitTest, 'mask' | 'value'>): string | null {
  const wrong = wordWrong(`mask of ${name}`, mask) ?? wordWrong(`value of ${name}`, value);
  if (wrong !== null) return wrong;
  return (value & ~mask) === 0n
    ? null
    : `value of ${name} has ${hex(value & ~mask)}, which its mask ${hex(mask)} leaves out: no entry is ever one`;
}

/** Findings and kinds of the plugins, whoever has them. */
const findings: Check = {
  name: 'findings',
  holds: 'findings have words, a severity, and questions that entries can answer',
  run: ({ mmu }) =>
    mmu.extensions.flatMap(({ findings }) =>
      findings.flatMap(({ code, severity, text, where }): Wrong[] => {
        const wrong = (text: string): Wrong[] => [{ hook: 'findings', text }];
        const given: unknown = severity;
        if (given !== 'error' && given !== 'warning')
          return wrong(`severity of ${code} must be error or warning, got ${String(given)}`);
        if (typeof text !== 'function' && (typeof text !== 'string' || text.trim() === ''))
          return wrong(`${code} must say in text what is wrong`);
        const question = where === undefined ? null : questionWrong(code, where);
        return question === null ? [] : wrong(question);
      }),
    ),
};

/** An entry that is of a kind, with nothing else in it. */
const plainest = ({ value }: PluginKind): bigint => value;

const kinds: Check = {
  name: 'kinds',
  holds: "kinds of a plugin have a label and take no entry that is somebody else's",
  run(trial) {
    const { mmu } = trial;
    if (mmu.extensions.every(({ kinds }) => kinds.length === 0)) return FINE;
    const { layout, masks } = mmu;
    const others: readonly (readonly [string, bigint])[] = [
      ['a frozen entry', layout.frozen ?? layout.empty],
      ['an empty entry', layout.empty],
      ['an empty entry', 0n],
      ...(masks.enableMmioCaching && masks.vmMmioValue !== 0n
        ? [['an MMIO entry', masks.vmMmioValue] as const]
        : []),
      ['a leaf', leafAt(mmu, 1, 0x40000n)],
    ];
    return mmu.extensions.flatMap(({ kinds }) =>
      kinds.flatMap((kind): Wrong[] => {
        const wrong = (text: string): Wrong[] => [{ hook: 'kinds', text }];
        const question = questionWrong(kind.name, kind);
        if (question !== null) return wrong(question);
        if (typeof kind.label !== 'string' || kind.label === '')
          return wrong(`${kind.name} must have a label: what is such an entry called?`);
        const stolen = others.find(([, spte]) => (spte & kind.mask) === kind.value);
        if (stolen !== undefined)
          return wrong(
            `${kind.name} takes ${stolen[0]}, ${hex(stolen[1])}: choose a mask and a value that tell them apart`,
          );
        const field = kind.fields?.find(({ mask }) => (mask & kind.mask) !== 0n);
        if (field !== undefined)
          return wrong(
            `field ${field.name} of ${kind.name} has bits of the mask ${hex(kind.mask)}, by which the kind is told`,
          );
        const found = spteKind(mmu, plainest(kind), 1);
        if (found !== kind.name)
          return wrong(
            `${hex(plainest(kind))} should be ${kind.name}, but is ${found}: another takes it first`,
          );
        const [finding] = judgeSpte(mmu, plainest(kind), 1);
        return finding === undefined
          ? []
          : wrong(`${hex(plainest(kind))}, the plainest ${kind.name}, has the finding ${finding.code}`);
      }),
    );
  },
};

const changes: Check = {
  name: 'changes',
  holds: 'judgeChange answers for every change, with objections that have words',
  run(trial) {
    const all = words(trial, 6);
    const leaf = leafAt(trial.mmu, 1, 0x40000n);
    for (const [i, from] of all.entries()) {
      for (const to of [leaf, 0n, all[(i * 7) % all.length] as bigint]) {
        for (const objection of explainChange(trial.mmu, from, to, 1).objections) {
          if (objection.code !== 'plugin-failed') continue;
          const { hook, message } = objection.params as { hook: string; message: string };
          return [{ hook, text: `${hook} fails for ${hex(from)} -> ${hex(to)}: ${message}` }];
        }
      }
    }
    return FINE;
  },
};

const leafBits: Check = {
  name: 'leaf-bits',
  holds: 'leafBits answers bits of declared software fields or of encryption, and nothing else',
  run({ mmu }) {
    return mmu.extensions.flatMap(({ hooks, software }) => {
      const { leafBits: hook } = hooks;
      if (hook === undefined) return [];
      const own = software.reduce((sum, { field }) => sum | field.mask, mmu.masks.meMask | mmu.masks.meValue);
      return [0x1000n, 0xfee00n, 0x80000n].flatMap((gfn): Wrong[] => {
        const role = pageRole({ isMirror: mmu.root.isMirror });
        const spte = makeSpte({ ...mmu, extensions: [] }, plainHost, { role, gfn, pfn: 0x40000n });
        const bits: unknown = hook(
          mmu,
          plainHost,
          { role, gfn, pfn: 0x40000n, spte: spte.spte },
          (bits) => bits,
        );
        const wrong = wordWrong('what leafBits answers', bits);
        if (wrong !== null) return [{ hook: 'leafBits', text: wrong }];
        const stray = (bits as bigint) & ~own;
        return [
          ...unless(
            stray === 0n,
            'leafBits',
            () =>
              `leafBits answers ${hex(stray)} for gfn ${hex(gfn)}, which no software field declares: add a field, or clear the bits`,
          ),
        ];
      });
    });
  },
};

/** Whether the software that is always there is what core built. */
const zeroCheck: Check = {
  name: 'zero-check',
  holds: 'the reserved bits are 64-bit words, and none of them is a bit that the plugin keeps',
  run({ mmu }: { readonly mmu: Mmu }) {
    const { zeroCheck: check, extensions } = mmu;
    const given = check as Partial<typeof check> | null | undefined;
    const software = extensions.flatMap(({ software }) => software);
    for (const row of ['bit7Clear', 'bit7Set'] as const) {
      if (!Array.isArray(given?.[row]))
        return [
          { hook: 'reserved', text: `reserved must return the check that it got, with ${row} changed` },
        ];
      for (const mask of check[row]) {
        const wrong = wordWrong(`a mask of ${row}`, mask);
        if (wrong !== null) return [{ hook: 'reserved', text: wrong }];
      }
    }
    if (mmu.root.kind !== 'tdp') return FINE;
    const clash = software.find(
      ({ field, in: places }) =>
        places.includes('leaf') && ((check.bit7Clear[0] as bigint) & field.mask) !== 0n,
    );
    return unless(
      clash === undefined,
      'software',
      () =>
        `software bit ${String(clash?.field.name)} is reserved in a leaf at level 1: the CPU would refuse the entry`,
    );
  },
};

/** What must hold of what a plugin declares, which is asked before entries are built. */
export const declarationChecks: readonly Check[] = [findings, kinds, leafBits, zeroCheck];

/** What must hold of hooks for any entry. */
export const hookChecks: readonly Check[] = [total, outcomes, changes];
