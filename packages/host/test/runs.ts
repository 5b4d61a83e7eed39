// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { HostTexts } from '@spte/host';

interface Fixture {
  readonly provenance: string;
  readonly runs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const packed = readFileSync(new URL('./fixtures/runs.json.gz', import.meta.url));
const fixture = JSON.parse(gunzipSync(packed).toString()) as Fixture;

/** Every run of a real kernel, with its files by name. */
export const runs: [name: string, files: Readonly<Record<string, string>>][] = Object.entries(fixture.runs);

export function filesOf(name: string): Readonly<Record<string, string>> {
  const files = fixture.runs[name];
  if (files === undefined) throw new Error(`no run ${name}`);
  return files;
}

export function file(files: Readonly<Record<string, string>>, name: string): { name: string; text: string } {
  return { name, text: files[name] ?? '' };
}

export function textsOf(files: Readonly<Record<string, string>>): HostTexts {
  return {
    cpuinfo: file(files, 'cpuinfo.txt'),
    params: file(files, 'params.txt'),
    uname: file(files, 'uname.txt'),
    dmesg: file(files, 'dmesg.txt'),
    iomem: file(files, 'iomem.txt'),
  };
}
