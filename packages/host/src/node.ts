// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reads the texts of a machine from its files: those of this one, or a folder that was captured elsewhere.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { HostPiece, HostTexts } from './host-texts.ts';
import { relevantConfig } from './kernel-config.ts';
import { readCpuid, readKmsg } from './node-devices.ts';
import { MAX_FILE, readFile } from './node-read-file.ts';
import type { TextFile } from './source.ts';

/** Where distributions keep the configuration of the running kernel. */
const BOOT_CONFIG = `boot/config-${release()}`;

/** Where each piece may stand below a folder: captured under a plain name, or as the machine has it. */
const PLACES: Readonly<Record<HostPiece, readonly string[]>> = {
  cpuinfo: ['cpuinfo.txt', 'cpuinfo', 'proc/cpuinfo'],
  params: ['params.txt', 'params'],
  uname: ['uname.txt', 'uname', 'proc/version'],
  versionSignature: ['version_signature', 'proc/version_signature'],
  cmdline: ['cmdline.txt', 'cmdline', 'proc/cmdline'],
  dmesg: ['dmesg.txt', 'dmesg', 'dev/kmsg', 'var/log/dmesg'],
  iomem: ['iomem.txt', 'iomem', 'proc/iomem'],
  cpuid: ['cpuid.txt', 'dev/cpu/0/cpuid'],
  kernelConfig: ['config.txt', 'kernel-config', BOOT_CONFIG, 'proc/config.gz'],
};

/** Places that are read in a way of their own. */
const READERS: Readonly<Record<string, (path: string) => string | null>> = {
  'dev/kmsg': readKmsg,
  'dev/cpu/0/cpuid': readCpuid,
  [BOOT_CONFIG]: readConfig,
  'proc/config.gz': readConfig,
};

/** Pieces that other machines lack, or that say little: their absence is not worth a note. */
const OPTIONAL: readonly HostPiece[] = [
  'versionSignature',
  'cmdline',
  'dmesg',
  'iomem',
  'cpuid',
  'kernelConfig',
];

const MODULES = ['kvm', 'kvm_intel', 'kvm_amd'];
const VULNERABILITIES = 'sys/devices/system/cpu/vulnerabilities';

/**
 * Reads what a machine says about itself. What cannot be read is left out, and noted where it matters.
 *
 * @param folder a folder with `cpuinfo.txt`, `params.txt`, `uname.txt` and their like, or with `proc` and `sys` as on
 *   the machine; this machine when absent
 *
 * @example
 * ```ts
 * import { hostReport } from '@spte/host';
 * import { readHost } from '@spte/host/node';
 *
 * typeof hostReport(readHost()).kernel; // string
 * // Of a folder that has none of the files, all is assumed.
 * const nothing = readHost('no/such/folder');
 * nothing.cpuinfo; // undefined
 * hostReport(nothing).assumed.length > 10; // true
 * ```
 */
export function readHost(folder = '/'): HostTexts {
  const notes: string[] = [];
  const texts: Partial<Record<HostPiece, TextFile>> = {};
  for (const [piece, places] of Object.entries(PLACES) as [HostPiece, readonly string[]][]) {
    const found = firstFile(folder, places, notes) ?? (piece === 'params' ? readSysfs(folder) : null);
    if (found !== null) texts[piece] = found;
    else if (!OPTIONAL.includes(piece))
      notes.push(`${piece}: none of ${places.join(', ')} can be read in ${folder}`);
  }
  return { ...texts, notes };
}

function firstFile(folder: string, places: readonly string[], notes: string[]): TextFile | null {
  for (const place of places) {
    const path = join(folder, place);
    const text = (READERS[place] ?? ((path) => readText(path, notes)))(path);
    if (text !== null) return { name: path, text };
  }
  return null;
}

/** What a file or folder that is not there, or not what was looked for, is told by. */
const MISSING: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/** The text of a file; null when it is missing, a folder, or forbidden. What cannot be read, or only in part, is noted. */
function readText(path: string, notes: string[]): string | null {
  try {
    const { bytes, isWhole } = readFile(path);
    if (!isWhole) notes.push(`${path}: only its first ${MAX_FILE} bytes were read`);
    return bytes.toString('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!MISSING.has(code)) notes.push(`${path}: ${message}`);
    return null;
  }
}

/** Bytes of a configuration that are read, at most; real ones have a third of a megabyte. */
const MAX_CONFIG = 1 << 23;

/** What the running kernel's configuration says of masks, compressed or not. */
function readConfig(path: string): string | null {
  try {
    const { bytes } = readFile(path, MAX_CONFIG);
    const text = path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: MAX_CONFIG }) : bytes;
    return relevantConfig(text.toString('utf8'));
  } catch {
    return null;
  }
}

function names(path: string): string[] {
  try {
    return readdirSync(path).toSorted();
  } catch {
    return [];
  }
}

/** The parameters of the modules that are loaded, as `path = value` lines. */
function readSysfs(folder: string): TextFile | null {
  const folders = [...MODULES.map((module) => `sys/module/${module}/parameters`), VULNERABILITIES];
  const lines = folders.flatMap((parameters) =>
    names(join(folder, parameters)).flatMap((name) => {
      // A parameter that only root may read is no news.
      const text = readText(join(folder, parameters, name), []);
      return text === null ? [] : [`/${parameters}/${name} = ${text.trim()}\n`];
    }),
  );
  return lines.length === 0 ? null : { name: join(folder, 'sys'), text: lines.join('') };
}
