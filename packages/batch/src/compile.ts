// SPDX-License-Identifier: GPL-2.0-only
import { ADDRESS, type AddressTest, checkCore, checkInteger, type Mmu } from '@spte/core';
import { Arena } from '@spte/wasm';
import { CompiledRules } from './compiled-rules.ts';
import { BatchEngine } from './engine.ts';
import { createKernel, MAX_ROOM } from './kernel.ts';

/** How rules are compiled. */
export interface CompileOptions {
  /**
   * What rules of your own, given to `map()` and `select()`, look at in bits 51:12 of an entry beyond what core's rules
   * do (`addressDependence()`): for each mask they may depend on whether any of its bits is set, and on whether all are.
   * `[]` for nothing more. You must name all that they look at: answers of like entries are taken for one another's.
   * When absent, rules of your own are taken to look at everything, and are asked for each entry.
   */
  readonly watch?: readonly bigint[] | undefined;
  /**
   * Room in the engine's own memory for arrays of yours, in bytes, up to 4,288,675,840; 0 when absent. See
   * {@link BatchEngine.allocate}.
   */
  readonly room?: number | undefined;
  /** False: loops in JavaScript, also where the runtime has WebAssembly with vectors. They give the same results. */
  readonly wasm?: boolean | undefined;
}

/** What rules of the caller's may ask of a mask; a single bit is all of itself. */
function watching(watched: bigint): AddressTest[] {
  const mask = watched & ADDRESS;
  if (mask === 0n) return [];
  const single = (mask & (mask - 1n)) === 0n;
  return single
    ? [{ test: 'any', mask }]
    : [
        { test: 'any', mask },
        { test: 'all', mask },
      ];
}

/**
 * Makes the rules of an MMU ready for many entries. Each rule is compiled when it is first used.
 *
 * @throws TypeError, RangeError when `mmu` is not what `createMmu()` makes, or `room` is too large
 *
 * @example
 * ```ts
 * import { compile, SPTE_KINDS } from '@spte/batch';
 * import { createMmu } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }));
 * const table = BigUint64Array.of(0x42b4e67n, 0n, 0x5a0n);
 * [...engine.classify(table, 1)].map((kind) => SPTE_KINDS[kind]).join(); // leaf,empty,frozen
 * engine.histogram(table, 1).leaf; // 1
 * ```
 *
 * @example
 * ```ts
 * import { compile } from '@spte/batch';
 * import { createMmu, hex } from '@spte/core';
 * import { svm } from '@spte/vendor-svm';
 *
 * const engine = compile(createMmu({ kernel: '6.8', host: { physBits: 40 }, vendor: svm() }), { room: 1 << 16 });
 * // Of the engine's own memory nothing is copied.
 * const entries = engine.allocate(BigUint64Array, 512);
 * engine.histogram(entries, 1).empty; // 512
 * hex(engine.makeSpte({ pfn: 0x42b4n, access: 7, level: 1 })); // 0x42b4e67
 * engine.fallbacks; // []
 * ```
 */
export function compile(mmu: Mmu, { watch, room = 0, wasm = true }: CompileOptions = {}): BatchEngine {
  checkCore(mmu);
  checkInteger('room', room, 0, MAX_ROOM);
  const kernel = wasm ? createKernel(room) : null;
  const rules = new CompiledRules(mmu, watch === undefined ? null : watch.flatMap(watching), kernel);
  return new BatchEngine(mmu, rules, kernel?.room ?? new Arena(new ArrayBuffer(room)), kernel !== null);
}
