// SPDX-License-Identifier: GPL-2.0-only
import { test } from 'node:test';
import { createMmu } from '@spte/core';
import { EntryTester, policySuite } from '@spte/plugin-kit';
import { svm } from '@spte/vendor-svm';
import { vmx } from '@spte/vendor-vmx';
import { guard } from './index.js';

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
