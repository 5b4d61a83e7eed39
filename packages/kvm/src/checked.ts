// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    checkHost: { host: 'KvmHost' },
    kvmModules: { kernel: 'Kernel' },
    memoryFacts: { kvm: 'KvmModules', vendor: '=svm|=vmx' },
    mmuOfRoot: { host: 'KvmHost', vm: 'Vm|null', 'root?': 'Root' },
    openKvm: { kernel: 'Kernel' },
    slotFinder: { slots: 'list' },
    slotFlagNames: { flags: '0..9007199254740991' },
  },
  types: {
    KvmHost: {
      kernel: 'object',
      kvm: 'object',
      vendor: '=svm|=vmx|null',
      symbols: 'list',
      masks: 'object',
      params: 'object',
      facts: 'object|null',
      predicted: 'object|null',
      checks: 'list',
      vms: 'list',
      problems: 'list',
    },
    Kernel: {
      major: 'number',
      minor: 'number',
      patch: 'number',
      'overrides?': 'object|undefined',
      name: 'string',
      distribution: 'string|null',
      layout: 'object|null',
      sure: '=upstream|=read|=read in part|=changelog|=number only',
      sources: 'list',
      candidates: 'list',
      note: 'string',
    },
    KvmModules: {
      kernel: 'object',
      kind: '=module|=built-in|=none',
      vendor: '=svm|=vmx|null',
      modules: 'list',
      types: 'object|null',
      symbol: 'function',
      symbolsNamed: 'function',
      struct: 'function',
    },
    Vm: {
      address: 'u64',
      pid: 'number',
      comm: 'string',
      generation: 'u64',
      vcpus: 'list',
      roots: 'list',
      slots: 'list',
      mmioValue: 'u64|null',
      stats: 'object',
      pages: 'object',
    },
    Root: {
      hpa: 'u64',
      kind: '=tdp|=shadow',
      level: 'number',
      role: 'u64',
      smm: 'boolean',
      rootCount: 'number|null',
      flags: 'list',
      page: 'object|null',
    },
  },
  closed: [],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const kvm: typeof api = checked(api, SIGNATURES);
