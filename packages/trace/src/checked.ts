// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    annotate: { record: 'TraceRecord', mmu: 'Mmu', 'checks?': 'list' },
    beginsAnew: { text: 'string' },
    checkRecord: { record: 'TraceRecord', mmu: 'Mmu' },
    columnReader: { sink: 'function', 'columnOptions?': 'ColumnOptions' },
    createAnnotator: { mmu: 'Mmu', 'annotatorOptions?': 'AnnotatorOptions' },
    createChecker: { mmu: 'Mmu' },
    hierarchyBlocks: { records: 'iterable' },
    isRefused: { traceRecord: 'TraceRecord' },
    machineHints: { traceRecord: 'TraceRecord' },
    ndjsonAnnotator: { mmu: 'Mmu', write: 'function', 'ndjsonOptions?': 'NdjsonOptions' },
    parseLine: { text: 'string', 'line?': '0..9007199254740991' },
    readEvent: { text: 'string', 'line?': '0..9007199254740991' },
    readLossMark: { text: 'string', 'start?': '0..9007199254740991' },
    readTrace: { chunks: 'iterable|string' },
    readTraceSync: { chunks: 'iterable|string' },
    traceReader: { sink: 'function', 'firstLine?': '0..9007199254740991' },
  },
  types: {
    TraceRecord: {
      line: 'number',
      event: 'string',
      form: '=text|=raw|=log',
      task: 'string|null',
      pid: 'number|null',
      cpu: 'number|null',
      timestamp: 'string|null',
      fields: 'object',
      sptes: 'list',
      block: 'number|null',
    },
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
    ColumnOptions: { 'wasm?': 'boolean' },
    AnnotatorOptions: { 'exits?': 'list', 'others?': 'list' },
    NdjsonOptions: {
      'exits?': 'list',
      'others?': 'list',
      'members?': 'object',
      'firstLine?': 'number',
      'before?': 'iterable',
      'refine?': 'function',
      'wasm?': 'boolean',
    },
  },
  closed: ['ColumnOptions', 'AnnotatorOptions', 'NdjsonOptions'],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const trace: typeof api = checked(api, SIGNATURES);
