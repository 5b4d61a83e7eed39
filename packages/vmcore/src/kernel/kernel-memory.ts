// SPDX-License-Identifier: GPL-2.0-only
import { BoundedMap, hex } from '@spte/core';
import { type Dump, MAX_PAGES, PAGE_BYTES, type Page } from '../containers/dump.ts';
import { asciiOf } from '../containers/notes.ts';
import { MissingMemory } from './missing-memory.ts';

/** Where the kernel's own page tables are. */
export interface PageTables {
  /** Physical address of the table of the highest level, in bytes. */
  readonly root: bigint;
  /** 4, or 5 with LA57. */
  readonly levels: 4 | 5;
  /** The C-bit of SME, which is no part of an address; 0 without. */
  readonly encryption: bigint;
}

const ADDRESS = 0x000f_ffff_ffff_f000n;
const PRESENT = 1n;
const PAGE_SIZE = 1n << 7n;

/** Pages of virtual memory whose translation is remembered. */
const MAX_TRANSLATIONS = 1 << 14;

/** A text of the kernel is longer only where something is wrong. */
const MAX_TEXT = 4096;

/** Virtual memory of a kernel, translated by its own page tables. */
export class KernelMemory {
  readonly #dump: Dump;
  readonly #tables: PageTables;
  readonly #frames: BoundedMap<bigint, bigint> = new BoundedMap(MAX_TRANSLATIONS);
  readonly #pages: BoundedMap<bigint, DataView> = new BoundedMap(MAX_PAGES);

  constructor(dump: Dump, tables: PageTables) {
    this.#dump = dump;
    this.#tables = tables;
  }

  /**
   * Physical address of a virtual one.
   *
   * @throws MissingMemory when it is not mapped, or a table is not in the dump
   */
  physical(address: bigint): bigint {
    const page = address >> 12n;
    let frame = this.#frames.get(page);
    if (frame === undefined) {
      frame = this.#walk(address) >> 12n;
      this.#frames.set(page, frame);
    }
    return (frame << 12n) | (address & 0xfffn);
  }

  /**
   * Reads bytes.
   *
   * @throws MissingMemory when one of them is not in the dump
   */
  read(address: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const view = this.#page(at);
      const start = Number(at & 0xfffn);
      const count = Math.min(PAGE_BYTES - start, length - done);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, count), done);
      done += count;
    }
    return bytes;
  }

  /**
   * Reads an unsigned number of 1, 2, 4 or 8 bytes.
   *
   * @throws MissingMemory when it is not in the dump
   */
  word(address: bigint, bytes: number): bigint {
    const start = Number(address & 0xfffn);
    if (start + bytes > PAGE_BYTES) return littleEndian(this.read(address, bytes));
    const view = this.#page(address);
    switch (bytes) {
      case 8:
        return view.getBigUint64(start, true);
      case 4:
        return BigInt(view.getUint32(start, true));
      case 2:
        return BigInt(view.getUint16(start, true));
      default:
        return littleEndian(new Uint8Array(view.buffer, view.byteOffset + start, bytes));
    }
  }

  /** Reads a pointer, or any other 64 bits. */
  u64(address: bigint): bigint {
    return this.word(address, 8);
  }

  /**
   * Reads a text up to its NUL.
   *
   * @param max bytes at most
   * @throws MissingMemory when it is not in the dump
   */
  text(address: bigint, max: number = MAX_TEXT): string {
    let text = '';
    while (text.length < max) {
      const at = address + BigInt(text.length);
      const count = Math.min(PAGE_BYTES - Number(at & 0xfffn), max - text.length);
      const part = asciiOf(this.read(at, count));
      text += part;
      if (part.length < count) break;
    }
    return text;
  }

  #page(address: bigint): DataView {
    const physical = this.physical(address);
    const pfn = physical >> 12n;
    const known = this.#pages.get(pfn);
    if (known !== undefined) return known;
    const bytes = this.#physicalPage(pfn, address, 'its page');
    const view = new DataView(bytes.buffer, bytes.byteOffset, PAGE_BYTES);
    this.#pages.set(pfn, view);
    return view;
  }

  #physicalPage(pfn: bigint, address: bigint, what: string): Uint8Array {
    const page: Page = this.#dump.readPage(Number(pfn));
    if (page.gap === null) return page.bytes;
    throw new MissingMemory(address, page.gap.reason, `${what}, pa ${hex(pfn << 12n)}, is ${page.gap.text}`);
  }

  #walk(address: bigint): bigint {
    const { root, levels, encryption } = this.#tables;
    let table = root;
    for (let level = levels as number; ; level--) {
      const shift = BigInt(12 + 9 * (level - 1));
      const entry = this.#entry(table, Number((address >> shift) & 0x1ffn), address, level);
      if ((entry & PRESENT) === 0n) {
        throw new MissingMemory(address, 'unmapped', `not mapped by the kernel (level ${level})`);
      }
      const isLeaf = level === 1 || (level <= 3 && (entry & PAGE_SIZE) !== 0n);
      const target = entry & ADDRESS & ~encryption;
      if (!isLeaf) {
        table = target;
        continue;
      }
      const offset = (1n << shift) - 1n;
      return (target & ~offset) | (address & offset);
    }
  }

  #entry(table: bigint, index: number, address: bigint, level: number): bigint {
    const pfn = table >> 12n;
    let view = this.#pages.get(pfn);
    if (view === undefined) {
      const bytes = this.#physicalPage(pfn, address, `the kernel's page table of level ${level}`);
      view = new DataView(bytes.buffer, bytes.byteOffset, PAGE_BYTES);
      this.#pages.set(pfn, view);
    }
    return view.getBigUint64(index * 8, true);
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
