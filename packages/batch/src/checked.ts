// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    compile: { mmu: 'Mmu', 'compileOptions?': 'CompileOptions' },
    findingBitsOf: { mmu: 'Mmu' },
    findingsOf: { bitmap: '0..9007199254740991' },
    kindsOf: { mmu: 'Mmu' },
  },
  types: {
    Mmu: {
      kernel: 'object',
      'observer?': 'object|undefined',
      layout: 'object',
      host: 'object',
      params: 'object',
      policies: 'list',
      'vendor?': 'object',
      core: 'object',
      masks: 'object',
      setBy: 'object',
      vendor: 'object',
      root: 'object',
      zeroCheck: 'object',
      permissions: 'list',
      extensions: 'list',
      initWarnings: 'list',
    },
    CompileOptions: { 'watch?': 'list|undefined', 'room?': 'number|undefined', 'wasm?': 'boolean|undefined' },
  },
  closed: ['CompileOptions'],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const batch: typeof api = checked(api, SIGNATURES);
