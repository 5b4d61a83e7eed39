// SPDX-License-Identifier: GPL-2.0-only
import { type ChangedDump, dumpOf } from '@spte/testing/dumps';
import type { Dump } from '@spte/vmcore';

/*
 * A kernel of a few pages, made by hand: page tables, kallsyms with a token for each character, type information.
 */

const PAGE = 4096;
const PAGES = 64;

/** Where the text of the made kernel is mapped, and where its memory is. */
export const STEXT = 0xffff_ffff_8100_0000n;
const PHYSICAL = 0x1000_0000n;
const PHYS_BASE = PHYSICAL - (STEXT - 0xffff_ffff_8000_0000n);

/** How a made kernel is. */
export interface MadeOptions {
  readonly levels?: 4 | 5;
  readonly encryption?: bigint;
  readonly release?: string;
  /** Symbols besides those that it needs, by name. */
  readonly symbols?: Readonly<Record<string, bigint>>;
  readonly btf?: Uint8Array;
  /** Lines of VMCOREINFO that are other ones; null leaves a line out. */
  readonly info?: Readonly<Record<string, string | null>>;
  readonly given?: Partial<Dump>;
}

/** A kernel and where things are in it. */
export interface MadeKernel {
  readonly dump: ChangedDump;
  readonly vmcoreinfo: string;
  /** Writes bytes at an address of the kernel's image. */
  write(address: bigint, bytes: Uint8Array): void;
  write64(address: bigint, word: bigint): void;
  /** Physical address of an address of the image. */
  physical(address: bigint): bigint;
}

/** The first address that nothing uses. */
export const FREE: bigint = STEXT + 0x20_000n;

/** Where its tables of kallsyms are. */
const AT = {
  tables: STEXT + 0x1000n,
  uts: STEXT + 0x8000n,
  names: STEXT + 0x9000n,
  count: STEXT + 0xb000n,
  tokens: STEXT + 0xc000n,
  index: STEXT + 0xd000n,
  offsets: STEXT + 0xe000n,
  base: STEXT + 0xf000n,
  btf: STEXT + 0x10_000n,
} as const;

/** Makes a kernel. */
export function madeKernel(options: MadeOptions = {}): MadeKernel {
  const { levels = 4, encryption = 0n, release = '6.18.15-test', btf = new Uint8Array(0) } = options;
  const bytes = new Uint8Array(PAGES * PAGE);
  const view = new DataView(bytes.buffer);
  const at = (address: bigint): number => Number(address - STEXT);
  const physical = (address: bigint): bigint => address - STEXT + PHYSICAL;
  const put = (address: bigint, text: string): void =>
    bytes.set(new TextEncoder().encode(`${text}\0`), at(address));
  // Page tables: a 4 KiB page each, down to level 1.
  for (let level = levels as number, table = AT.tables; level >= 1; level--, table += 0x1000n) {
    const shift = BigInt(12 + 9 * (level - 1));
    const index = (address: bigint): number => Number((address >> shift) & 0x1ffn);
    if (level > 1) {
      view.setBigUint64(at(table) + 8 * index(STEXT), physical(table + 0x1000n) | encryption | 1n, true);
      continue;
    }
    for (let page = 0; page < PAGES; page++) {
      const address = STEXT + BigInt(page * PAGE);
      view.setBigUint64(at(table) + 8 * index(address), physical(address) | encryption | 1n, true);
    }
  }
  const symbols: Record<string, bigint> = {
    _stext: STEXT,
    init_uts_ns: AT.uts,
    ...(btf.length > 0 && { __start_BTF: AT.btf, __stop_BTF: AT.btf + BigInt(btf.length) }),
    ...options.symbols,
  };
  put(AT.uts + 4n, '6-not-this');
  put(AT.uts + 134n, release);
  bytes.set(btf, at(AT.btf));
  let name = at(AT.names);
  Object.entries(symbols).forEach(([symbol, address], index) => {
    const text = new TextEncoder().encode(`D${symbol}`);
    const isLong = text.length > 127;
    bytes.set(isLong ? [(text.length & 127) | 128, text.length >> 7] : [text.length], name);
    bytes.set(text, name + (isLong ? 2 : 1));
    name += text.length + (isLong ? 2 : 1);
    view.setUint32(at(AT.offsets) + 4 * index, Number(BigInt.asUintN(32, address - STEXT)), true);
  });
  view.setUint32(at(AT.count), Object.keys(symbols).length, true);
  view.setBigUint64(at(AT.base), STEXT, true);
  for (let token = 0; token < 256; token++) {
    bytes[at(AT.tokens) + 2 * token] = token === 0 || token > 126 ? 0x2e : token;
    view.setUint16(at(AT.index) + 2 * token, 2 * token, true);
  }
  const hex = (address: bigint): string => address.toString(16);
  const lines: Record<string, string | null> = {
    OSRELEASE: release,
    'SYMBOL(_stext)': hex(STEXT),
    'SYMBOL(init_top_pgt)': hex(AT.tables),
    'NUMBER(phys_base)': String(PHYS_BASE),
    'NUMBER(pgtable_l5_enabled)': levels === 5 ? '1' : '0',
    'NUMBER(sme_mask)': String(encryption),
    'SYMBOL(kallsyms_names)': hex(AT.names),
    'SYMBOL(kallsyms_num_syms)': hex(AT.count),
    'SYMBOL(kallsyms_token_table)': hex(AT.tokens),
    'SYMBOL(kallsyms_token_index)': hex(AT.index),
    'SYMBOL(kallsyms_offsets)': hex(AT.offsets),
    'SYMBOL(kallsyms_relative_base)': hex(AT.base),
    ...options.info,
  };
  const vmcoreinfo = Object.entries(lines)
    .flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}\n`]))
    .join('');
  const first = Number(PHYSICAL >> 12n);
  const image = {
    present: [[first, first + PAGES]] as const,
    page: (pfn: number) => bytes.subarray((pfn - first) * PAGE, (pfn - first + 1) * PAGE),
    vmcoreinfo,
  };
  const dump = dumpOf(image, options.given);
  return {
    dump,
    vmcoreinfo,
    physical,
    write: (address, data) => dump.poke(physical(address), data),
    write64: (address, word) => dump.poke64(physical(address), word),
  };
}

/** A type of made type information: name, kind, what its kind says, and what follows. */
export type MadeType = readonly [name: string, kind: number, value: number, ...MadeMember[]];

/** A member: its name, type, and offset in bits, with the bits of a bit field; or plain numbers. */
export type MadeMember =
  | readonly [name: string, type: number, offset: number, bits?: number]
  | readonly number[];

/** Writes BTF. Ids begin at `firstId`, strings at `firstString`: those of a module continue the kernel's. */
export function madeBtf(types: readonly MadeType[], firstString = 0): Uint8Array<ArrayBuffer> {
  let strings = firstString === 0 ? '\0' : '';
  const string = (text: string): number => {
    if (text === '') return 0;
    const found = strings.indexOf(`${text}\0`);
    if (found >= 0) return firstString + found;
    strings += `${text}\0`;
    return firstString + strings.length - text.length - 1;
  };
  const words: number[] = [];
  for (const [name, kind, value, ...members] of types) {
    const isStruct = kind === 4 || kind === 5;
    const hasBits = members.some((member) => isStruct && member[3] !== undefined);
    const count = isStruct ? members.length : 0;
    words.push(string(name), ((hasBits ? 1 << 31 : 0) | (kind << 24) | count) >>> 0, value);
    for (const member of members) {
      const [first = 0, type = 0, offset = 0, bits = 0] = member;
      if (typeof first === 'string')
        words.push(string(first), type, (hasBits ? (bits << 24) | offset : offset) >>> 0);
      else words.push(...(member as readonly number[]));
    }
  }
  const text = new TextEncoder().encode(strings);
  const bytes = new Uint8Array(24 + words.length * 4 + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, 24, true);
  view.setUint32(12, words.length * 4, true);
  view.setUint32(16, words.length * 4, true);
  view.setUint32(20, text.length, true);
  for (const [index, word] of words.entries()) view.setUint32(24 + 4 * index, word, true);
  bytes.set(text, 24 + words.length * 4);
  return bytes;
}
