// SPDX-License-Identifier: GPL-2.0-only
import { compile } from '@spte/batch';
import { decodeSpte, hex, judgeSpte, type Mmu, makeSpte, pageRole, plainHost, spteKind } from '@spte/core';
import { annotate, createAnnotator, parseLine, type TraceRecord } from '@spte/trace';
import { bytesMemory, walk } from '@spte/walk';
import { words } from './hook-checks.ts';
import { type Check, FINE, leafAt, type Trial, type Wrong } from './trial.ts';

/** Entries that are alike but for what a hook may look at. */
function alike(trial: Trial): bigint[] {
  const leaf = leafAt(trial.mmu, 1, 0n);
  const frames = Array.from({ length: 24 }, () => leaf | (trial.next() & 0xffff_ffff_f000n));
  const singles = Array.from({ length: 40 }, (_, n) => leaf ^ (1n << BigInt(n + 12)));
  const kinds = trial.mmu.extensions.flatMap(({ kinds }) =>
    kinds.flatMap(({ value }) => [value, value | (trial.next() & 0xffff_f000n)]),
  );
  const least = trial.mmu.masks.vmMmioValue;
  const mmio = Array.from({ length: 24 }, () => least | (trial.next() & 0xffff_ffff_f000n));
  return [...words(trial, 30), ...frames, ...singles, ...kinds, ...mmio];
}

/** What core says of an entry: its kind, and the codes of its findings. */
function readingOf(mmu: Mmu, spte: bigint, level: number): string {
  const codes = judgeSpte(mmu, spte, level).map(({ code }) => code);
  return `${spteKind(mmu, spte, level)}, "${codes.toSorted().join()}"`;
}

const batch: Check = {
  name: 'batch',
  holds: '@spte/batch says of entries what core says one by one, and builds what core builds',
  run(trial) {
    if (!trial.slow) return FINE;
    const { mmu } = trial;
    const engine = compile(mmu, { wasm: false });
    const entries = BigUint64Array.from(alike(trial));
    for (const level of [1, 2]) {
      const found = engine.judge(entries, level);
      const kinds = engine.classify(entries, level);
      for (const [i, spte] of entries.entries()) {
        const codes = Object.entries(engine.findingBits)
          .filter(([, bit]) => ((found[i] as number) & bit) !== 0)
          .map(([code]) => code)
          .toSorted()
          .join();
        const fast = `${engine.kinds[kinds[i] as number] as string}, "${codes}"`;
        const slow = readingOf(mmu, spte, level);
        if (fast !== slow)
          return [
            {
              hook: 'dependsOn',
              text: `${hex(spte)} at level ${level} is ${fast} for batch, ${slow} for core: a hook looks at more than dependsOn declares`,
            },
          ];
        const mmio = decodeSpte(mmu, spte, level).mmio;
        if (mmio !== null && engine.decodeSpte(spte, level).frame !== mmio.gfn)
          return [
            {
              hook: 'dependsOn',
              text: `the gfn of ${hex(spte)} is another for batch: read keeps to what ReadDependence lists, or must not be declared`,
            },
          ];
      }
    }
    for (const frame of [0x1000n, 0xfee00n, 0x80000n, 0x40000n]) {
      for (const other of [0x1000n, 0xfee00n]) {
        const made = engine.makeSpte({ pfn: frame, gfn: other, access: 7, level: 1 });
        const slow = makeSpte(mmu, plainHost, { role: pageRole(), pfn: frame, gfn: other, access: 7 }).spte;
        if (made !== slow)
          return [
            {
              hook: 'dependsOn',
              text: `pfn ${hex(frame)} for gfn ${hex(other)} is ${hex(made)} for batch, ${hex(slow)} for core: getMtMask, isMmioPfn or leafBits looks at more than dependsOn declares`,
            },
          ];
      }
    }
    return FINE;
  },
};

const annotator: Check = {
  name: 'annotate',
  holds: 'annotated traces say what core says of each entry',
  run(trial) {
    if (!trial.slow) return FINE;
    const { mmu } = trial;
    const about = createAnnotator(mmu);
    for (const spte of alike(trial)) {
      const line = `vm-1 [000] .... 4.6: kvm_mmu_set_spte: gfn 10 spte ${spte.toString(16)} (rwxu) level 1 at 1a1080`;
      const record = parseLine(line) as TraceRecord;
      const fast = JSON.stringify(about(record).sptes);
      const slow = JSON.stringify(annotate(record, mmu).sptes);
      if (fast !== slow)
        return [
          {
            hook: 'dependsOn',
            text: `the annotator says ${fast} of ${hex(spte)}, core ${slow}: a hook looks at more than dependsOn declares`,
          },
        ];
    }
    return FINE;
  },
};

const ENTRIES = 512;

const walks: Check = {
  name: 'walk',
  holds: 'walks say what core says of each entry',
  run(trial) {
    if (!trial.slow || trial.mmu.root.kind !== 'tdp') return FINE;
    const { mmu } = trial;
    const image = new Uint8Array(8 * ENTRIES);
    const view = new DataView(image.buffer);
    const all = alike(trial).slice(0, ENTRIES);
    for (const [i, spte] of all.entries()) view.setBigUint64(8 * i, spte, true);
    for (const { spte, kind, findings } of walk(mmu, bytesMemory(image), { root: 0n, level: 1 })) {
      const codes = findings
        .map(({ code }) => code)
        .toSorted()
        .join();
      const fast = `${kind}, "${codes}"`;
      const slow = readingOf(mmu, spte, 1);
      if (fast !== slow) {
        return [
          {
            hook: 'dependsOn',
            text: `${hex(spte)} is ${fast} for a walk, ${slow} for core: a hook looks at more than dependsOn declares`,
          } satisfies Wrong,
        ];
      }
    }
    return FINE;
  },
};

/** What must hold of what is fast. */
export const fastPathChecks: readonly Check[] = [batch, annotator, walks];
