// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, constants } from 'node:zlib';
import type { Dump, GapReason, Page } from '@spte/vmcore';
import type { MemoryImage } from './kdump.ts';

/** Hosts whose memory is at hand; dumps/README.md says what they are. */
export const DUMP_NAMES = ['svm61-two', 'svm61-shadow', 'vmx61-two', 'svm73-two'] as const;

/** A host whose memory is at hand. */
export type DumpName = (typeof DUMP_NAMES)[number];

/** What is true of a run, from other sources than its dump. */
export interface DumpTruth {
  readonly vms: TrueHost;
  /** Symbols and their eight bytes, as read from the running kernel. */
  readonly masks: string;
  /** All entries below a root, by name of the file. */
  readonly walks: Readonly<Record<string, string>>;
}

/** A host and its VMs. */
export interface TrueHost {
  readonly release: string;
  readonly vendor: 'svm' | 'vmx';
  readonly kallsyms: { readonly vmlinuxSymbols: number };
  readonly masks: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tablePages: number;
  readonly vms: readonly TrueVm[];
}

/** A VM. */
export interface TrueVm {
  readonly pid: number;
  readonly comm: string;
  readonly generation: string;
  readonly vcpus: readonly {
    readonly id: number;
    readonly root: string | null;
    readonly guestMode: boolean;
  }[];
  readonly roots: readonly {
    readonly hpa: string;
    readonly kind: string;
    readonly level: number;
    readonly role: string;
    readonly smm: boolean;
    readonly rootCount: number | null;
    readonly walk: string;
  }[];
  readonly slots: readonly {
    readonly as_id: number;
    readonly id: number;
    readonly base_gfn: string;
    readonly npages: number;
    readonly hva: string;
    readonly flags: number;
  }[];
  readonly stats: Readonly<Record<string, number>>;
  readonly pagemap: readonly { readonly gpa: string; readonly hpa: string }[];
}

interface PackedRun {
  readonly present: readonly { readonly start: number; readonly end: number }[];
  readonly pages: readonly (readonly [pfn: number, page: number])[];
  readonly vmcoreinfo: string;
}

const PAGE = 4096;

function unpacked(name: string): Buffer {
  const path = fileURLToPath(new URL(`../dumps/${name}`, import.meta.url));
  return brotliDecompressSync(readFileSync(path), {
    params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 },
  });
}

let memory: { readonly runs: Readonly<Record<DumpName, PackedRun>>; readonly pages: Buffer } | undefined;
let truths: Readonly<Record<DumpName, DumpTruth>> | undefined;

/** The memory of a host. */
export function realMemory(name: DumpName): MemoryImage {
  memory ??= load();
  const { present, pages, vmcoreinfo } = memory.runs[name];
  const all = memory.pages;
  const numbers = new Map(pages);
  return {
    vmcoreinfo,
    present: present.map(({ start, end }) => [start, end]),
    page(pfn) {
      const number = numbers.get(pfn);
      return number === undefined ? null : all.subarray(number * PAGE, (number + 1) * PAGE);
    },
  };
}

function load(): NonNullable<typeof memory> {
  const bytes = unpacked('memory.br');
  const length = bytes.readUInt32LE(0);
  const runs = JSON.parse(bytes.subarray(4, 4 + length).toString()) as Record<DumpName, PackedRun>;
  return { runs, pages: bytes.subarray(4 + length) };
}

/** What is true of a host. */
export function truthOf(name: DumpName): DumpTruth {
  truths ??= JSON.parse(unpacked('truths.json.br').toString()) as Record<DumpName, DumpTruth>;
  return truths[name];
}

/** A dump that a test changes: words are written, pages taken out. */
export interface ChangedDump extends Dump {
  /** Writes bytes at a physical address, within a page. */
  poke(address: bigint, bytes: Uint8Array): void;
  /** Writes 64 bits. */
  poke64(address: bigint, word: bigint): void;
  /** Takes a page out. */
  drop(pfn: number, reason?: GapReason): void;
}

/** Memory as a dump that needs no container. */
export function dumpOf(image: MemoryImage, given: Partial<Dump> = {}): ChangedDump {
  const changed = new Map<number, Uint8Array>();
  const gone = new Map<number, GapReason>();
  const isPresent = (pfn: number): boolean => image.present.some(([start, end]) => pfn >= start && pfn < end);
  const readPage = (pfn: number): Page => {
    const reason = gone.get(pfn) ?? (isPresent(pfn) ? undefined : 'not-ram');
    if (reason !== undefined) return { bytes: null, gap: { reason, text: `taken out (${reason})` } };
    return { bytes: changed.get(pfn) ?? image.page(pfn) ?? new Uint8Array(PAGE), gap: null };
  };
  const poke = (address: bigint, bytes: Uint8Array): void => {
    const pfn = Number(address >> 12n);
    const page = Uint8Array.from(readPage(pfn).bytes as Uint8Array);
    page.set(bytes, Number(address & 0xfffn));
    changed.set(pfn, page);
  };
  return {
    container: 'kdump',
    vmcoreinfo: image.vmcoreinfo,
    notes: [],
    complete: true,
    readPage,
    runs: () => image.present.map(([start, end]) => ({ start, end })),
    read(address, length) {
      const at = Number(address & 0xfffn);
      return readPage(Number(address >> 12n)).bytes?.subarray(at, at + length) ?? null;
    },
    poke,
    poke64(address, word) {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, word, true);
      poke(address, bytes);
    },
    drop: (pfn, reason = 'filtered') => void gone.set(pfn, reason),
    ...given,
  };
}

/** The dump of a real host. */
export function realDump(name: DumpName, given: Partial<Dump> = {}): ChangedDump {
  return dumpOf(realMemory(name), given);
}
