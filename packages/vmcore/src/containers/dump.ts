// SPDX-License-Identifier: GPL-2.0-only
import type { PhysicalMemory } from '../memory/memory.ts';

/** How a dump is stored. */
export type ContainerName = 'kdump' | 'flattened' | 'elf' | 'raw' | 'kcore';

/**
 * Why a page is not there: it is no RAM; RAM that was left out on purpose (`filtered`); in a part of a split dump that
 * is not at hand (`other-part`); beyond the end of the file (`cut-off`); or there, but not to be decoded (`damaged`,
 * `no-decoder`).
 */
export type GapReason = 'not-ram' | 'filtered' | 'other-part' | 'cut-off' | 'damaged' | 'no-decoder';

/** Why a page is not there. */
export interface PageGap {
  readonly reason: GapReason;
  /** The reason in words. */
  readonly text: string;
}

/** A page of 4096 bytes, or why there is none. */
export type Page =
  | { readonly bytes: Uint8Array; readonly gap: null }
  | { readonly bytes: null; readonly gap: PageGap };

/** A run of pages: `[start, end)`. */
export interface PageRun {
  readonly start: number;
  readonly end: number;
}

/** A crash dump, or any image of the physical memory of a machine. */
export interface Dump extends PhysicalMemory {
  readonly container: ContainerName;
  /**
   * Reads a page.
   *
   * @param pfn page frame number, any
   */
  readPage(pfn: number): Page;
  /** Runs of pages that may be there, in order: all of RAM, nothing that is certainly not there. */
  readonly runs: () => Iterable<PageRun>;
  /** The kernel's text about itself where the container has it, else null; not checked. */
  readonly vmcoreinfo: string | null;
  /** What is to be said of the dump: it is incomplete, a part of it is missing. */
  readonly notes: readonly string[];
  /** Whether all of the dump is at hand: false when it is cut off, or a part of a split dump is missing. */
  readonly complete: boolean;
}

/** Bytes of a page; x86-64 has no other. */
export const PAGE_BYTES = 4096;

/** Pages that are remembered: 4 MiB. */
export const MAX_PAGES = 1024;

/** A page that is there. */
export const there = (bytes: Uint8Array): Page => ({ bytes, gap: null });

/** A page that is not. */
export const gapOf = (reason: GapReason, text: string): Page => ({ bytes: null, gap: { reason, text } });
