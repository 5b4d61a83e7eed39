// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    explainNestedPageFault: { value: 'u64' },
    svm: { 'options?': 'SvmOptions' },
    svmAdjustMmioMask: { setup: 'Setup', registry: 'Registry', facts: 'MemoryEncryptionFacts' },
  },
  types: {
    SvmOptions: {
      'cpuid80000000Eax?': 'number',
      'cpuid8000001fEbx?': 'number',
      'syscfg?': 'u64',
      'npt?': 'boolean',
      'smeMeMask?': 'u64',
    },
    Setup: {
      kernel: 'object',
      'observer?': 'object|undefined',
      layout: 'object',
      host: 'object',
      params: 'object',
      policies: 'list',
      'vendor?': 'object',
    },
    Registry: { core: 'object', masks: 'object', setBy: 'object' },
    MemoryEncryptionFacts: { 'cpuid80000000Eax?': 'number', 'cpuid8000001fEbx?': 'number', 'syscfg?': 'u64' },
  },
  closed: ['SvmOptions'],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const vendorSvm: typeof api = checked(api, SIGNATURES);
