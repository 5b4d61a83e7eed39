// SPDX-License-Identifier: GPL-2.0-only
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMmu, explainSpte, renderExplanation } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { EntryTester, vendorSuite } from '@spte/plugin-kit';
import { tdx } from './index.js';
import { command, saidByAll } from './said-by-all.js';

const kernels = ['6.8', '6.16', '6.18'];
vendorSuite(test, {
  vendor: () => tdx(),
  kernels,
  // A leaf of a machine with TDX, from a public report: WB, guest PAT not ignored, bit 63.
  vectors: [{ kernel: '6.18', level: 1, value: '0x86000080a5669b37', kind: 'leaf', pfn: '0x80a5669' }],
});
vendorSuite(test, { vendor: () => tdx(), kernels, isMirror: true });

const host = { physBits: 46 };
const machine = (isMirror) =>
  createMmu({ kernel: '6.18', host, vendor: tdx(), policies: [l1tf, mmio()], root: { isMirror } });
new EntryTester(test).run(machine(true), {
  valid: [0x86000080a5669b37n],
  invalid: [
    { value: 0x86000080a5669b35n, findings: ['tdx/mirror-permissions'] },
    { value: 0x86000080a5600bb7n, level: 2, findings: ['tdx/mirror-huge'] },
  ],
});
new EntryTester(test).run(machine(false), {
  valid: [0x86000080a5669b37n, { value: 0x1000n, kind: 'mmio' }],
});

test('says what becomes of accesses: the guest gets a #VE, or KVM a violation', () => {
  const outcome = (isMirror, spte) => explainSpte(machine(isMirror), spte, 1).cpu[0]?.read.kind;
  assert.equal(outcome(false, 0x1000n), 'tdx/ve');
  assert.equal(outcome(false, 1n << 63n), 'ept-violation');
  assert.equal(outcome(true, 1n << 63n), 'tdx/private-violation');
  assert.equal(explainSpte(machine(true), 0x80000000000005a0n, 1).kind, 'frozen');
  assert.match(renderExplanation(explainSpte(machine(false), 0x1000n, 1)), /#VE in the guest/);
});

test('is read alike by core, batch, traces and walks', () => {
  for (const isMirror of [true, false]) {
    for (const spte of [0x86000080a5669b37n, 0x86000080a5669b35n, 0x1000n, 1n << 63n, 0x80000000000005a0n]) {
      saidByAll(machine(isMirror), spte);
    }
  }
});

test('is read by the command', () => {
  const context = '--kernel 6.18 --vendor vmx --maxphyaddr 46 --plugin ./index.js --level 1';
  assert.match(command(`decode ${context} 0x86000080a5669b37`), /plugin tdx 0\.1\.0.*clean leaf/s);
  assert.match(
    command(`decode ${context} --mirror 0x86000080a5669b35`),
    /a mirror must allow reads, writes and fetches/,
  );
});
