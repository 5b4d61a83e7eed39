// SPDX-License-Identifier: GPL-2.0-only
import { beginsSplat, recogniseSplat, type Splat } from './recognise-splat.ts';

/** A splat of KVM's MMU in a log. */
export interface SplatBlock {
  readonly splat: Splat;
  /** Its lines, as they came. */
  readonly lines: readonly string[];
  /** Whether a line of it shows an entry, or the one before it. */
  readonly hasEntry: boolean;
}

/** Takes the lines of a log one by one. */
export interface SplatReader {
  /**
   * Takes the next line, without its end.
   *
   * @param hasEntry whether it shows an entry
   * @returns the splat of KVM's MMU that ended before this line, or with it; null for none
   */
  readonly take: (line: string, hasEntry?: boolean) => SplatBlock | null;
  /** Takes the end of the log. */
  readonly end: () => SplatBlock | null;
}

/** Lines of a splat, at most: with registers and two stacks real ones have about a hundred. */
const MAX_LINES = 160;

/** What stands before a splat, and after it. */
const CUT_HERE = '[ cut here ]';
const END_TRACE = '[ end trace ';

/** Of a line that is longer no more is kept: those of the kernel are shorter. */
const MAX_LINE = 512;

const isBlank = (line: string): boolean => line.trim() === '';

/**
 * Makes a reader that finds the splats of KVM's MMU in the lines of a log. A splat goes on to its end mark, to an empty
 * line, or to the end of the log.
 *
 * @example
 * ```ts
 * import { splatReader } from '@spte/errata';
 *
 * const reader = splatReader();
 * reader.take('kernel BUG at arch/x86/kvm/mmu/mmu.c:963!'); // null
 * reader.take('RIP: 0010:pte_list_remove.cold+0x16/0x48 [kvm]'); // null
 * reader.end()?.splat.where; // pte_list_remove
 * ```
 */
export function splatReader(): SplatReader {
  let lines: string[] = [];
  let hasEntry = false;
  /** Whether the line before showed an entry: KVM prints some just before the splat. */
  let afterEntry = false;
  const finish = (): SplatBlock | null => {
    const block = { lines, hasEntry };
    [lines, hasEntry] = [[], false];
    const splat = recogniseSplat(block.lines);
    return splat?.isMmu === true ? { splat, ...block } : null;
  };
  return {
    take(whole, showsEntry = false) {
      const line = whole.slice(0, MAX_LINE);
      const follows = lines.length === 0 && afterEntry;
      afterEntry = showsEntry;
      if (lines.length === 0 && !line.includes(CUT_HERE) && !beginsSplat(line)) return null;
      if (isBlank(line)) return finish();
      lines.push(line);
      hasEntry ||= showsEntry || follows;
      return lines.length === MAX_LINES || line.includes(END_TRACE) ? finish() : null;
    },
    end: finish,
  };
}
