// SPDX-License-Identifier: GPL-2.0-only
import { createMmu, type Fallback, hex, LEVELS, type Mmu, makeSpte, pageRole, plainHost } from '@spte/core';
import { addresses, meaningful } from '@spte/testing/entries';
import { KERNELS, MACHINE_NAMES, machine } from '@spte/testing/machines';
import { PLUGIN_MACHINE_NAMES, type PluginMachineName, pluginMachines } from '@spte/testing/plugins';
import { random } from '@spte/testing/random';
import { sampled } from '@spte/testing/sampled';
import {
  type AnnotatedLine,
  annotate,
  createAnnotator,
  createChecker,
  ndjsonAnnotator,
  readTraceSync,
} from '@spte/trace';
import { describe, expect, it } from 'vitest';
import { bytesOf, recordsOf } from './runs.ts';

const ERAS = ['5.4', '7.3'];

/** Each under one kernel in every run, under both in the long one. */
const MACHINES = PLUGIN_MACHINE_NAMES.flatMap((name, n) =>
  ERAS.filter((_kernel, era) => sampled(n % 2 === era, true)).map(
    (kernel): [PluginMachineName, string, Mmu] => [
      name,
      kernel,
      createMmu({ ...pluginMachines[name], kernel }),
    ],
  ),
);

/** A trace of the entries that find a fast path which looks at too few bits, each kind in several frames. */
function traceOf(mmu: Mmu): string {
  const { pick, u64, below } = random(4);
  const places = addresses(mmu, u64);
  const leaves = LEVELS.map(
    (level) => makeSpte(mmu, plainHost, { role: pageRole({ level }), gfn: 0n, pfn: 0n }).spte,
  );
  const word = (spte: bigint): string => spte.toString(16);
  const lines = [...leaves, ...leaves, ...meaningful(mmu)].flatMap((attributes) =>
    LEVELS.flatMap((level) =>
      Array.from({ length: sampled(2, 3) }, () => {
        const spte = attributes | (pick(places) ^ (BigInt(below(1 << 26)) << 12n));
        const old = attributes | pick(places);
        return [
          `kvm_mmu_set_spte: gfn 10 spte ${word(spte)} (rwxu) level ${level} at 1a1080`,
          `kvm_tdp_mmu_spte_changed: as id 0 gfn 10 level ${level} old_spte ${word(old)} new_spte ${word(spte)}`,
          `check_mmio_spte: spte ${word(spte)} kvm_gen a spte-gen a valid 1`,
        ].map((event) => `vm-1 [000] .... 4.6: ${event}\n`);
      }),
    ),
  );
  return lines.flat().join('');
}

/** What core's slow functions say of a trace, a line for each record. */
function slowly(mmu: Mmu, text: string): AnnotatedLine[] {
  const checker = createChecker(mmu);
  return recordsOf(text).map((record) => annotate(record, mmu, checker.check(record)));
}

function ndjsonOf(
  mmu: Mmu,
  text: string,
  wasm = true,
): { readonly written: string; readonly fallbacks: readonly Fallback[] } {
  let written = '';
  const write = (lines: Uint8Array): void => {
    written += new TextDecoder().decode(lines);
  };
  const annotator = ndjsonAnnotator(mmu, write, { wasm });
  annotator.push(bytesOf(text));
  annotator.end();
  return { written, fallbacks: annotator.fallbacks };
}

const SLOW: Partial<Record<PluginMachineName, string>> = {
  'MMIO by address bits': 'policy picky does not declare what its hook read looks at',
  'findings of a hook': 'plugin picky does not declare what its hook judge looks at',
};

const fallbacksOf = (name: PluginMachineName): Fallback[] => {
  const why = SLOW[name];
  return why === undefined ? [] : [{ what: 'annotate', why }];
};

describe('on machines with odd plugins', () => {
  it.each(MACHINES)('%s, kernel %s: lines say what core says', (name, _kernel, mmu) => {
    const text = traceOf(mmu);
    const slow = slowly(mmu, text);
    expect(slow.length).toBeGreaterThan(500);
    const about = createAnnotator(mmu);
    const fast = [...readTraceSync([text])].flatMap(({ record }) => (record === null ? [] : [about(record)]));
    expect(fast).toEqual(slow);
    expect(about.fallbacks).toEqual(fallbacksOf(name));
    for (const wasm of [true, false]) {
      const { written, fallbacks } = ndjsonOf(mmu, text, wasm);
      expect(written.split('\n').slice(0, -1)).toEqual(slow.map((line) => JSON.stringify(line)));
      expect(fallbacks).toEqual(fallbacksOf(name));
    }
  });

  it('a field of the CPU in the address is seen, whatever came first', () => {
    const mmu = createMmu(pluginMachines['CPU fields in the address']);
    const text = [0x1234e67n, 0x400001234e67n, 0x5678e67n]
      .map(
        (spte) =>
          `vm-1 [000] .... 4.6: kvm_mmu_set_spte: gfn 10 spte ${spte.toString(16)} (rwxu) level 1 at 1a1080\n`,
      )
      .join('');
    const about = createAnnotator(mmu);
    const want = [[], [{ code: 'bits-kvm-never-sets', bits: [46] }], []];
    expect(recordsOf(text).map((record) => about(record).sptes[0]?.findings)).toEqual(want);
    const lines = ndjsonOf(mmu, text).written.trimEnd().split('\n');
    const sptes = lines.map((line) => (JSON.parse(line) as AnnotatedLine).sptes[0]);
    expect(sptes.map((spte) => spte?.findings)).toEqual(want);
    expect(sptes.map((spte) => spte?.value)).toEqual([0x1234e67n, 0x400001234e67n, 0x5678e67n].map(hex));
  });
});

it.each(KERNELS)('nothing falls back on the machines that there are, kernel %s', (kernel) => {
  for (const name of MACHINE_NAMES) {
    const mmu = machine(name, { kernel });
    expect(createAnnotator(mmu).fallbacks).toEqual([]);
    expect(ndjsonOf(mmu, '').fallbacks).toEqual([]);
  }
});
