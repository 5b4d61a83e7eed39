// SPDX-License-Identifier: GPL-2.0-only
import { test } from 'node:test';
import { createMmu } from '@spte/core';
import { l1tf } from '@spte/l1tf';
import { mmio } from '@spte/mmio';
import { EntryTester, vendorSuite } from '@spte/plugin-kit';
import { tdx } from './index.js';

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
