// SPDX-License-Identifier: GPL-2.0-only
import { decodeSpte, judgeSpte, type Mmu } from '@spte/core';

/** A word in a line of no known form. */
interface Stranger {
  readonly text: string;
  readonly line: number;
}

/** What an input shows that is no trace and no log of KVM's: told where nothing else is. */
export interface Strangers {
  /** Takes a line that says nothing about entries, exits or faults. */
  readonly take: (text: string, line: number) => void;
  /** Says what may be made of them. */
  readonly say: (mmus: readonly Mmu[]) => string | null;
}

/** Words that are remembered. */
const MAX_WORDS = 256;

/** Words that are named. */
const MAX_NAMED = 6;

/** Characters of a line that are looked at. */
const MAX_LINE = 1024;

/** Hex that is long enough for an entry, and no address before a colon. */
const WORD = /(?<![\w+.-])(?:0x[\da-f]{5,16}|[\da-f]{16})(?![\w:])/gi;

/** Lines of other programs that show page tables which are not KVM's. */
const OTHERS: readonly { readonly line: RegExp; readonly what: string }[] = [
  {
    line: /^\(qemu\) info (?:tlb|mem)\b|^(?:0x)?[\da-f]{16,18}: (?:0x)?[\da-f]{16} [-XGPDACTUW]{9}$/,
    what: "QEMU's monitor: the guest's own page tables, and no entries of KVM",
  },
];

/** Remembers what may be an entry in lines of no known form. */
export function strangers(): Strangers {
  const words = new Map<string, Stranger>();
  let other: { readonly line: number; readonly what: string } | null = null;
  return {
    take(text, line) {
      const begin = text.slice(0, MAX_LINE);
      const what = OTHERS.find(({ line: pattern }) => pattern.test(begin.trim()))?.what;
      if (what !== undefined) other ??= { line, what };
      for (const [word] of begin.matchAll(WORD)) {
        if (words.size >= MAX_WORDS) return;
        if (!words.has(word)) words.set(word, { text: word, line });
      }
    },
    say(mmus) {
      if (other !== null) return `line ${other.line} is of ${other.what}`;
      const alike = [...words.values()].filter(({ text }) => mmus.some((mmu) => looksLikeEntry(mmu, text)));
      if (alike.length === 0) return null;
      const named = alike.slice(0, MAX_NAMED).map(({ text, line }) => `${text} (line ${line})`);
      const more = alike.length > MAX_NAMED ? ` and ${alike.length - MAX_NAMED} more` : '';
      return `values in lines of no known form look like entries: ${named.join(', ')}${more}; \`spte decode\` explains them`;
    },
  };
}

/** Whether a word may be an entry that KVM has written. */
function looksLikeEntry(mmu: Mmu, text: string): boolean {
  const value = BigInt(text.toLowerCase().startsWith('0x') ? text : `0x${text}`);
  const { kind } = decodeSpte(mmu, value, null);
  return ['leaf', 'table', 'mmio'].includes(kind) && judgeSpte(mmu, value, null).length === 0;
}
