// SPDX-License-Identifier: GPL-2.0-only
import {
  type MakeSpteRequest,
  type Mmu,
  makeNonleafSpte,
  makeSpte,
  PT,
  pageRole,
  plainHost,
} from '@spte/core';
import { bytesMemory, type PhysicalMemory } from '@spte/walk';

/** Guest-physical position of the entry at `indexes`, from the root's index down. */
export type Path = readonly number[];

/** A small machine's memory, in which a test builds tables as KVM would. */
export interface Memory extends PhysicalMemory {
  readonly bytes: Uint8Array;
  /** Takes the next page; tables lie apart, and not in the order of gpas. */
  readonly page: () => bigint;
  /** Writes a word. */
  readonly set: (address: bigint, word: bigint) => void;
}

/** Memory of `pages` pages. */
export function emptyMemory(pages = 64): Memory {
  const bytes = new Uint8Array(pages * 4096);
  const view = new DataView(bytes.buffer);
  let next = pages;
  return {
    ...bytesMemory(bytes),
    bytes,
    page: () => BigInt(--next) << 12n,
    set: (address, word) => view.setBigUint64(Number(address), word, true),
  };
}

/** Page tables under construction. */
export interface Tables {
  readonly memory: Memory;
  readonly root: bigint;
  /** Puts a word at the end of a path, with the tables that lead there; returns the address of the entry. */
  readonly put: (path: Path, spte: bigint) => bigint;
}

/** Starts page tables with an empty root. Entries of a PAE root are made as KVM makes them: address, P, encryption. */
export function startTables(
  mmu: Mmu,
  { pae = false, memory = emptyMemory() }: { readonly pae?: boolean; readonly memory?: Memory } = {},
): Tables {
  const root = memory.page();
  const below = new Map<string, bigint>();
  return {
    memory,
    root,
    put(path, spte) {
      let table = root;
      path.slice(0, -1).forEach((index, depth) => {
        const key = path.slice(0, depth + 1).join();
        let child = below.get(key);
        if (child === undefined) {
          child = memory.page();
          below.set(key, child);
          const entry =
            pae && depth === 0
              ? child | PT.present.mask | mmu.masks.meValue
              : makeNonleafSpte(mmu, child, !mmu.masks.kvmAdEnabled);
          memory.set(table + BigInt(index * 8), entry);
        }
        table = child;
      });
      const address = table + BigInt((path.at(-1) as number) * 8);
      memory.set(address, spte);
      return address;
    },
  };
}

/** A clean leaf at `level` for a pfn, with all access unless told otherwise. */
export function leaf(mmu: Mmu, level: number, pfn: bigint, request: Partial<MakeSpteRequest> = {}): bigint {
  const role = pageRole({ level, adDisabled: !mmu.masks.kvmAdEnabled });
  return makeSpte(mmu, plainHost, { role, gfn: pfn, pfn, ...request }).spte;
}
