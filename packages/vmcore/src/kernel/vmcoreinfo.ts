// SPDX-License-Identifier: GPL-2.0-only

/** What a kernel says of itself for those who read its dumps. */
export class Vmcoreinfo {
  readonly text: string;
  readonly #values: ReadonlyMap<string, string>;

  constructor(text: string) {
    this.text = text;
    this.#values = new Map(
      text.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
      }),
    );
  }

  /** A line by its key, such as `OSRELEASE`; null where there is none. */
  value(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  /** Address of a symbol. */
  symbol(name: string): bigint | null {
    return wordOf(this.value(`SYMBOL(${name})`), 16);
  }

  /** A number, which may be negative. */
  number(name: string): bigint | null {
    return wordOf(this.value(`NUMBER(${name})`), 10);
  }

  /** Offset of a member, such as `page.private`, in bytes. */
  offset(member: string): bigint | null {
    return wordOf(this.value(`OFFSET(${member})`), 10);
  }

  /** Size of a type in bytes. */
  size(type: string): bigint | null {
    return wordOf(this.value(`SIZE(${type})`), 10);
  }
}

const DIGITS = { 10: /^(-?)(0x[0-9a-f]{1,16}|\d{1,20})$/i, 16: /^()([0-9a-f]{1,16})$/i };

/** A number in the notation of VMCOREINFO; null for anything else. */
function wordOf(text: string | null, base: 10 | 16): bigint | null {
  const match = DIGITS[base].exec(text?.trim() ?? '');
  if (match === null) return null;
  const value = BigInt(base === 16 ? `0x${match[2]}` : (match[2] as string));
  return match[1] === '-' ? -value : value;
}
