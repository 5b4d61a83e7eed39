// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    diffWalks: { before: 'iterable', after: 'iterable' },
    entryBytes: { level: '1..5' },
    entryFindingNext: { finding: 'object|PluginFinding' },
    entryFindingText: { finding: 'object|PluginFinding' },
    sampleEntries: { memory: 'PhysicalMemory', root: 'u64', level: '1..5' },
    summarizeWalk: { mmu: 'Mmu', entries: 'iterable' },
    translate: { mmu: 'Mmu', memory: 'PhysicalMemory', root: 'WalkRoot', gpa: 'u64' },
    walk: { mmu: 'Mmu', memory: 'PhysicalMemory', root: 'WalkRoot', 'options?': 'WalkOptions' },
    walkFallbacks: { mmu: 'Mmu' },
    walkSummarizer: { mmu: 'Mmu' },
  },
  types: {
    PluginFinding: {
      severity: '=error|=warning',
      bits: 'list',
      because: 'object',
      code: 'string',
      params: 'object',
      text: 'string',
      next: 'string',
    },
    PhysicalMemory: { read: 'function' },
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
    WalkRoot: {
      root: 'u64',
      'level?': 'number|undefined',
      'pae?': 'boolean|undefined',
      'gpa?': 'u64|undefined',
    },
    WalkOptions: {
      'others?': 'list|undefined',
      'empty?': 'boolean|undefined',
      'signal?': 'object|undefined',
      'onProgress?': 'function|undefined',
    },
  },
  closed: ['WalkOptions'],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const walk: typeof api = checked(api, SIGNATURES);
