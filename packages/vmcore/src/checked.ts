// SPDX-License-Identifier: GPL-2.0-only
// Written by `pnpm unit -u` from the API report.
import { checked, type Signatures } from '@spte/core';
import * as api from './index.ts';

const SIGNATURES: Signatures = {
  functions: {
    blobFile: { blob: 'BlobLike' },
    bytesMemory: { bytes: 'bytes', 'base?': 'u64' },
    decodeLzo: { input: 'bytes', size: '0..9007199254740991' },
    decodeSnappy: { input: 'bytes', size: '0..9007199254740991' },
    disjointSegments: { segments: 'list' },
    elfCoreMemory: { file: 'PhysicalMemory' },
    fetchedFile: { source: 'AsyncFile' },
    flattenedFile: { file: 'PhysicalMemory' },
    imageFormat: { file: 'PhysicalMemory' },
    isMissing: { error: 'any' },
    listNodes: { memory: 'KernelMemory', head: 'u64', 'max?': '0..9007199254740991' },
    openDump: { files: 'list', 'options?': 'DumpOptions' },
    openKernel: { dump: 'Dump' },
    placeOf: { btf: 'Btf', struct: 'BtfType', path: 'string' },
    readExactly: { memory: 'PhysicalMemory', address: 'u64', length: '0..9007199254740991' },
    segmentedMemory: { file: 'PhysicalMemory', segments: 'list' },
    treeNodes: { memory: 'KernelMemory', root: 'u64', 'max?': '0..9007199254740991' },
    tryRead: { work: 'function' },
    xarrayEntries: {
      memory: 'KernelMemory',
      array: 'u64',
      offsets: 'XarrayOffsets',
      'max?': '0..9007199254740991',
    },
  },
  types: {
    BlobLike: { size: 'number', slice: 'function' },
    PhysicalMemory: { read: 'function' },
    AsyncFile: { size: 'number', read: 'function' },
    KernelMemory: {
      physical: 'function',
      read: 'function',
      word: 'function',
      u64: 'function',
      text: 'function',
    },
    DumpOptions: { 'decoders?': 'object|undefined', 'format?': '=elf|=raw|undefined' },
    Dump: {
      read: 'function',
      container: '=kdump|=flattened|=elf|=raw|=kcore',
      readPage: 'function',
      runs: 'function',
      vmcoreinfo: 'string|null',
      notes: 'list',
      complete: 'boolean',
    },
    Btf: {
      endId: 'number',
      type: 'function',
      nameOf: 'function',
      struct: 'function',
      members: 'function',
      arrayOf: 'function',
      isSigned: 'function',
      resolve: 'function',
      sizeOf: 'function',
    },
    BtfType: { id: 'number', kind: 'number', count: 'number', hasBitFields: 'boolean', value: 'number' },
    XarrayOffsets: { head: 'u64', shift: 'u64', slots: 'u64' },
  },
  closed: ['DumpOptions'],
};

/** This package for callers that no compiler checks: its functions refuse wrong arguments by name. */
export const vmcore: typeof api = checked(api, SIGNATURES);
