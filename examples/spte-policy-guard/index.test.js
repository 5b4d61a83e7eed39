// SPDX-License-Identifier: GPL-2.0-only
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMmu } from '@spte/core';
import { EntryTester, policySuite } from '@spte/plugin-kit';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { guard } from './index.js';
import { command, saidByAll } from './said-by-all.js';

const kernels = ['5.4', '5.13', '6.8', '7.3'];
policySuite(test, { policy: () => guard, kernels, with: () => vmx() });
policySuite(test, { policy: () => guard, kernels, with: () => svm() });

const mmu = createMmu({ kernel: '6.8', host: { physBits: 46 }, vendor: vmx(), policies: [guard] });
new EntryTester(test).run(mmu, {
  valid: [{ value: 0x455299500n, kind: 'guard/poison' }],
  invalid: [{ value: 0x1455299500n | (1n << 63n), findings: ['not-an-spte'] }],
  changes: [
    { from: 0x600000455299b77n, to: 0x455299500n, allowed: true },
    { from: 0x455299500n, to: 0n, allowed: false, objections: ['nonpresent-replaced'] },
  ],
});

test('is read alike by core, batch, traces and walks', () => {
  for (const spte of [0x455299500n, 0x600000455299b77n, (1n << 63n) | 0x500n]) saidByAll(mmu, spte);
});

test('is read by the command', () => {
  const said = command('decode --kernel 6.8 --vendor vmx --maxphyaddr 46 --plugin ./index.js 0x455299500');
  assert.match(said, /plugin guard 0\.1\.0.*clean poisoned entry: guard keeps it/s);
});
