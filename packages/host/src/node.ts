// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reads the texts of a machine from its files: those of this one, or a folder that was captured elsewhere.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPiece, HostTexts } from './host-texts.ts';
import type { TextFile } from './source.ts';

/** Where each piece may stand below a folder: captured under a plain name, or as the machine has it. */
const PLACES: Readonly<Record<HostPiece, readonly string[]>> = {
  cpuinfo: ['cpuinfo.txt', 'cpuinfo', 'proc/cpuinfo'],
  params: ['params.txt', 'params'],
  uname: ['uname.txt', 'uname', 'proc/version'],
  versionSignature: ['version_signature', 'proc/version_signature'],
  cmdline: ['cmdline.txt', 'cmdline', 'proc/cmdline'],
  dmesg: ['dmesg.txt', 'dmesg', 'var/log/dmesg'],
  iomem: ['iomem.txt', 'iomem', 'proc/iomem'],
};

/** Pieces that other machines lack, or that say little: their absence is no news. */
const OPTIONAL: readonly HostPiece[] = ['versionSignature', 'cmdline', 'dmesg', 'iomem'];

const MODULES = ['kvm', 'kvm_intel', 'kvm_amd'];
const VULNERABILITIES = 'sys/devices/system/cpu/vulnerabilities';

/**
 * Reads what a machine says about itself. What cannot be read is left out, and noted where it matters.
 *
 * @param folder a folder with `cpuinfo.txt`, `params.txt`, `uname.txt` and their like, or with `proc` and `sys` as on
 *   the machine; this machine when absent
 */
export function readHost(folder = '/'): HostTexts {
  const notes: string[] = [];
  const texts: Partial<Record<HostPiece, TextFile>> = {};
  for (const [piece, places] of Object.entries(PLACES) as [HostPiece, readonly string[]][]) {
    const found = firstFile(folder, places) ?? (piece === 'params' ? readSysfs(folder) : null);
    if (found !== null) texts[piece] = found;
    else if (!OPTIONAL.includes(piece))
      notes.push(`${piece}: none of ${places.join(', ')} can be read in ${folder}`);
  }
  return { ...texts, notes };
}

function firstFile(folder: string, places: readonly string[]): TextFile | null {
  for (const place of places) {
    const text = readText(join(folder, place));
    if (text !== null) return { name: join(folder, place), text };
  }
  return null;
}

/** The text of a file; null when it is missing, a folder, or forbidden. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
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
      const text = readText(join(folder, parameters, name));
      return text === null ? [] : [`/${parameters}/${name} = ${text.trim()}\n`];
    }),
  );
  return lines.length === 0 ? null : { name: join(folder, 'sys'), text: lines.join('') };
}
