// SPDX-License-Identifier: GPL-2.0-only
// For the tests of the examples, each of which gets a copy: one entry, as all that read entries say it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { compile } from '@spte/batch';
import { judgeSpte, spteKind } from '@spte/core';
import { annotate, createAnnotator, parseLine } from '@spte/trace';
import { bytesMemory, walk } from '@spte/walk';

/**
 * Asserts that batch, an annotator and a walk say of an entry at level 1 what core says.
 *
 * @param {import('@spte/core').Mmu} mmu
 * @param {bigint} spte
 */
export function saidByAll(mmu, spte) {
  const kind = spteKind(mmu, spte, 1);
  const codes = judgeSpte(mmu, spte, 1).map(({ code }) => code);

  const engine = compile(mmu);
  const entries = BigUint64Array.of(spte);
  assert.equal(engine.kinds[engine.classify(entries, 1)[0]], kind);
  const found = engine.judge(entries, 1)[0];
  const named = Object.entries(engine.findingBits).filter(([, bit]) => (found & bit) !== 0);
  assert.deepEqual(named.map(([code]) => code).toSorted(), codes.toSorted());

  const line = `vm-1 [000] .... 4.6: kvm_mmu_set_spte: gfn 10 spte ${spte.toString(16)} (rwxu) level 1 at 1a1080`;
  const record = parseLine(line);
  const { sptes } = createAnnotator(mmu)(record);
  assert.deepEqual(sptes, annotate(record, mmu).sptes);
  assert.equal(sptes[0].kind, kind);
  assert.deepEqual(
    sptes[0].findings.map(({ code }) => code),
    codes,
  );

  const image = new Uint8Array(4096);
  new DataView(image.buffer).setBigUint64(0, spte, true);
  const [first] = walk(mmu, bytesMemory(image), { root: 0n, level: 1 });
  if (first === undefined) assert.equal(kind, 'empty');
  else {
    assert.equal(first.kind, kind);
    assert.deepEqual(
      first.findings.map(({ code }) => code),
      codes,
    );
  }
}

/**
 * What the command prints.
 *
 * @param {string} line without its name; no word has a space
 */
export const command = (line) =>
  execFileSync('node_modules/.bin/spte', line.split(' '), { encoding: 'utf8' });
