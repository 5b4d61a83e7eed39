// SPDX-License-Identifier: GPL-2.0-only
import type { TextFile } from './source.ts';

/**
 * What a machine says about itself, as its files say it. Plain strings: `JSON.stringify()` makes a bundle to take
 * elsewhere, {@link parseHostTexts} reads it there.
 */
export interface HostTexts {
  /** `/proc/cpuinfo`. */
  readonly cpuinfo?: TextFile | undefined;
  /**
   * Files below `/sys`, one `path = value` a line: `parameters` of the `kvm` modules and
   * those of `/sys/devices/system/cpu/vulnerabilities`.
   */
  readonly params?: TextFile | undefined;
  /** `uname -a` or `/proc/version`; a second line is taken for the kernel command line. */
  readonly uname?: TextFile | undefined;
  /** `/proc/version_signature`, which Ubuntu has: the stable release behind its version. */
  readonly versionSignature?: TextFile | undefined;
  /** `/proc/cmdline`. */
  readonly cmdline?: TextFile | undefined;
  /** The kernel log. */
  readonly dmesg?: TextFile | undefined;
  /** `/proc/iomem`. */
  readonly iomem?: TextFile | undefined;
  /** What `cpuid -r` prints. */
  readonly cpuid?: TextFile | undefined;
  /** The configuration that the kernel was built with. */
  readonly kernelConfig?: TextFile | undefined;
  /** What could not be read, and why. */
  readonly notes?: readonly string[] | undefined;
}

/** The pieces of {@link HostTexts}. */
export const HOST_PIECES = [
  'cpuinfo',
  'params',
  'uname',
  'versionSignature',
  'cmdline',
  'dmesg',
  'iomem',
  'cpuid',
  'kernelConfig',
] as const;

/** One piece of {@link HostTexts}. */
export type HostPiece = (typeof HOST_PIECES)[number];

/**
 * Reads a bundle: the JSON text of {@link HostTexts}. A piece of the wrong type is left out and noted.
 *
 * @param json at most 16 Mi characters
 * @throws RangeError when it is longer, or has more values in it than any bundle
 * @throws SyntaxError when the text is not JSON
 * @throws TypeError when it is not an object
 *
 * @example
 * ```ts
 * import { hostReport, parseHostTexts } from '@spte/host';
 *
 * const uname = { name: 'uname.txt', text: 'Linux h 6.1.0-56-amd64 #1 SMP Debian 6.1.192-2 x86_64' };
 * const texts = parseHostTexts(JSON.stringify({ uname, cpuinfo: 7 }));
 * hostReport(texts).kernel; // 6.1.192
 * texts.notes; // [ 'cpuinfo: neither name nor text in the bundle' ]
 * ```
 */
export function parseHostTexts(json: string): HostTexts {
  refuseLarge(json);
  const bundle: unknown = JSON.parse(json);
  if (!isRecord(bundle) || Array.isArray(bundle)) {
    throw new TypeError(`a host bundle must be a JSON object with ${HOST_PIECES.join(', ')}`);
  }
  const notes = Array.isArray(bundle['notes']) ? bundle['notes'].map(String) : [];
  const texts: Partial<Record<HostPiece, TextFile>> = {};
  for (const piece of HOST_PIECES) {
    const file = bundle[piece];
    if (file === undefined) continue;
    if (isTextFile(file)) texts[piece] = { name: file.name, text: file.text };
    else notes.push(`${piece}: neither name nor text in the bundle`);
  }
  return { ...texts, notes };
}

/** Characters of a bundle, at most; those of real machines have a few hundred thousand. */
export const MAX_BUNDLE: number = 1 << 24;

/** Values in a bundle, at most: it has two for each piece, and notes. */
const MAX_VALUES = 1 << 12;

/** Parsed JSON may take fifty times the room of its text, unless that is made of few and long strings. */
function refuseLarge(json: string): void {
  if (json.length > MAX_BUNDLE) {
    throw new RangeError(`a host bundle must have at most ${MAX_BUNDLE} characters, got ${json.length}`);
  }
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if (BEFORE_VALUES.has(code) && ++values > MAX_VALUES) {
      throw new RangeError(`a host bundle must have at most ${MAX_VALUES} values`);
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What stands before each value: `[`, `{`, `,`, `:`. */
const BEFORE_VALUES: ReadonlySet<number> = new Set([0x5b, 0x7b, 0x2c, 0x3a]);

/** Where the string ends that begins there. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return json.length;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isTextFile(value: unknown): value is TextFile {
  return isRecord(value) && typeof value['name'] === 'string' && typeof value['text'] === 'string';
}
