// SPDX-License-Identifier: GPL-2.0-only
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMmu, explainSpte, renderExplanation } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { EntryTester, vendorSuite } from '@spte/plugin-kit';
import { explainSnpFault, snp } from './index.js';
import { command, saidByAll } from './said-by-all.js';

const LEAF = 0x797fe67n;
const HUGE = 0x7a00ee7n;
const kernels = ['6.8', '6.11', '6.18', '7.3'];
/** Pages from 0x7a00 on are a guest's: 512 pages of 2M, then some of 4K. */
const rmp = (pfn) =>
  pfn < 0x7a00n || pfn >= 0x7e00n ? null : { assigned: true, level: pfn < 0x7c00n ? 2 : 1 };

vendorSuite(test, {
  vendor: () => snp(),
  kernels,
  vectors: [{ kernel: '6.18', level: 1, value: LEAF, kind: 'leaf', pfn: '0x797f' }],
});
// A host that encrypts its own memory says so, or the C-bit is where MMIO entries have their reserved bit.
const encrypted = {
  smeMeMask: 1n << 51n,
  cpuid80000000Eax: 0x8000_001f,
  cpuid8000001fEbx: 51,
  syscfg: 1n << 23n,
};
vendorSuite(test, { vendor: () => snp({ ...encrypted, rmp }), kernels, hosts: [{ physBits: 46 }] });

const config = { host: { physBits: 46 }, policies: [l1tf, mmio()] };
const mmu = createMmu({ ...config, kernel: '6.18', vendor: snp({ rmp }) });
new EntryTester(test).run(mmu, {
  valid: [LEAF, { value: HUGE, level: 2 }, { value: 0x7c00e67n }],
  invalid: [
    { value: 0x7a00e67n, findings: ['snp/smaller-than-rmp'] },
    { value: 0x7c00ee7n, level: 2, findings: ['snp/larger-than-rmp'] },
  ],
});
const before = createMmu({ ...config, kernel: '6.8', vendor: snp({ rmp }) });
new EntryTester(test).run(before, { valid: [0x7a00e67n] });

test('says what the RMP refuses', () => {
  const [reading] = explainSpte(mmu, 0x7a00e67n, 1).cpu;
  assert.equal(reading.read.kind, 'snp/rmp-fault');
  assert.match(renderExplanation(explainSpte(mmu, 0x7a00e67n, 1)), /refused by the RMP/);
});

test('is read alike by core, batch, traces and walks', () => {
  for (const spte of [LEAF, 0x7a00e67n, 0x7c00e67n, 0n]) saidByAll(mmu, spte);
});

test('is read by the command', () => {
  const said = command(
    'decode --kernel 6.18 --vendor svm --maxphyaddr 46 --plugin ./index.js 0x797fe67 --level 1',
  );
  assert.match(said, /plugin snp 0\.1\.0/);
  assert.match(said, /clean leaf/);
});

test('explains error codes beyond 32 bits', () => {
  assert.match(explainSnpFault(0x2_0001_8000_0005n).next, /is to become private/);
  assert.match(explainSnpFault(0x9_8000_0005n).next, /PSMASH/);
  assert.match(explainSnpFault(0x1_8000_0007n).next, /unexpected/);
  assert.deepEqual(
    [0x5_0000_0004n, 0x1_0000_0004n].map((code) => explainSnpFault(code).next),
    ['an ordinary fault of private memory', 'an ordinary fault of shared memory'],
  );
});
