// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    checkPolicy: { make: 'function', 'options?': 'PolicyOptions' },
    checkVendor: { make: 'function', 'options?': 'CheckOptions' },
    main: { args: 'list', io: 'CliIo' },
    policySuite: { test: 'function', policySuiteOptions: 'PolicySuiteOptions' },
    problemText: { problem: 'PluginProblem' },
    vendorSuite: { test: 'function', vendorSuiteOptions: 'VendorSuiteOptions' },
  },
  types: {
    PolicyOptions: {
      'kernels?': 'list|undefined',
      'hosts?': 'list|undefined',
      'vm?': 'object|undefined',
      'isMirror?': 'boolean|undefined',
      'checks?': 'list|undefined',
      'seed?': 'number|undefined',
      'most?': 'number|undefined',
      'with?': 'function|undefined',
      'beside?': 'list|undefined',
    },
    CheckOptions: {
      'kernels?': 'list|undefined',
      'hosts?': 'list|undefined',
      'vm?': 'object|undefined',
      'isMirror?': 'boolean|undefined',
      'checks?': 'list|undefined',
      'seed?': 'number|undefined',
      'most?': 'number|undefined',
    },
    CliIo: { out: 'function', err: 'function', load: 'function' },
    PolicySuiteOptions: {
      'kernels?': 'list|undefined',
      'hosts?': 'list|undefined',
      'vm?': 'object|undefined',
      'isMirror?': 'boolean|undefined',
      'checks?': 'list|undefined',
      'seed?': 'number|undefined',
      'most?': 'number|undefined',
      'vectors?': 'list|undefined',
      'known?': 'list|undefined',
      'with?': 'function|undefined',
      'beside?': 'list|undefined',
      policy: 'function',
    },
    PluginProblem: { check: 'string', plugin: 'string', hook: 'string|null', at: 'string', text: 'string' },
    VendorSuiteOptions: {
      'kernels?': 'list|undefined',
      'hosts?': 'list|undefined',
      'vm?': 'object|undefined',
      'isMirror?': 'boolean|undefined',
      'checks?': 'list|undefined',
      'seed?': 'number|undefined',
      'most?': 'number|undefined',
      'vectors?': 'list|undefined',
      'known?': 'list|undefined',
      vendor: 'function',
    },
  },
  closed: ['PolicyOptions', 'CheckOptions', 'PolicySuiteOptions', 'VendorSuiteOptions'],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const pluginKit: typeof api = checked(api, SIGNATURES);
