// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    runVectors: { lines: 'iterable|string', 'keep?': '0..9007199254740991' },
    vectorCoverage: { lines: 'iterable|string' },
  },
  types: {},
  closed: [],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const vectors: typeof api = checked(api, SIGNATURES);
