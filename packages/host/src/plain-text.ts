// SPDX-License-Identifier: GPL-2.0-only

/** What a mail does to a text: `=` at the end of a line that goes on, quoted or not, `=3D` for the sign itself. */
const SOFT_BREAK = /=[ \t]{0,8}\r?\n(?:> ?){0,8}/g;
const ENCODED = /=([\dA-F]{2})/g;

/** A soft break leaves a line of this many characters, or less by a word. */
const SOFT_LINE = /^.{56,78}=[ \t]{0,8}\r?$/m;

/**
 * Whether a text is encoded as mails are (quoted-printable): an encoded equals sign, or lines that are broken where such
 * a mail breaks them.
 *
 * @example
 * ```ts
 * import { isQuotedPrintable } from '@spte/host';
 *
 * isQuotedPrintable('nested_ept=3Dy nested_eptp: 0x1019a701e'); // true
 * isQuotedPrintable('nested_ept=y nested_eptp: 0x1019a701e'); // false
 * ```
 */
export function isQuotedPrintable(text: string): boolean {
  return text.includes('=3D') || (text.includes('=') && SOFT_LINE.test(text));
}

/**
 * Undoes that encoding, byte by byte: each character of the text stands for one byte.
 *
 * @example
 * ```ts
 * import { undoQuotedPrintable } from '@spte/host';
 *
 * undoQuotedPrintable('kvm:kvm_e=\nxit: nested_ept=3Dy'); // kvm:kvm_exit: nested_ept=y
 * ```
 */
export function undoQuotedPrintable(text: string): string {
  return text
    .replaceAll(SOFT_BREAK, '')
    .replaceAll(ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Colours of a terminal, as `grep --color=always` writes them. */
const COLOUR = /\p{Cc}\[[\d;]{0,16}[A-Za-z]/gu;

/** `> > ` before each line of a quoted mail. */
const QUOTES = /^(?:>[ \t]?){1,16}/;

/** A line without what a mail or a terminal added to it. */
export function plainLine(line: string): string {
  const plain = line.includes('\u001B') ? line.replaceAll(COLOUR, '') : line;
  return plain.trim().replace(QUOTES, '').trim();
}
