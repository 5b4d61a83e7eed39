// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    isCacheTooWide: { cacheBits: '0..9007199254740991' },
    l1tfExposure: { entry: 'u64', l1tfHost: 'L1tfHost' },
    l1tfMasks: { kernel: 'KernelVersion', host: 'HostFacts' },
    movedUp: { nonpresentOrRsvd: 'u64', gpa: 'u64' },
    outOfReach: { options: 'L1tfMasks:nonpresentOrRsvd', gpa: 'u64' },
    wantsGuard: { kernel: 'KernelVersion', host: 'HostFacts' },
    withinReach: { l1tfMasks: 'L1tfMasks', entry: 'u64' },
  },
  types: {
    L1tfHost: { 'ramEnd?': 'u64|undefined' },
    KernelVersion: { major: 'number', minor: 'number', patch: 'number', 'overrides?': 'object|undefined' },
    HostFacts: {
      physBits: 'number',
      cacheBits: 'number',
      l1tf: 'boolean',
      extCpuidLevel: 'number',
      cpuid80000008Eax: 'number',
      physicalMask: 'u64',
      gbpages: 'boolean',
    },
    L1tfMasks: { nonpresentOrRsvd: 'u64', lowerGfn: 'u64' },
    'L1tfMasks:nonpresentOrRsvd': { nonpresentOrRsvd: 'u64' },
  },
  closed: [],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const l1tf: typeof api = checked(api, SIGNATURES);
