// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Mmu } from '@spte/core';
import { type HostTexts, hostReport, mmuOf } from '@spte/host';

/** Files by name. */
export type Files = Readonly<Record<string, string>>;

/** What was kept of runs of real kernels, by the name of the run. */
export type Runs = Readonly<Record<string, Files>>;

function runsIn(path: string): Runs {
  const packed = readFileSync(new URL(`../../${path}`, import.meta.url));
  return (JSON.parse(gunzipSync(packed).toString()) as { readonly runs: Runs }).runs;
}

/** What the machine of each run says about itself. */
export const hosts: Runs = runsIn('host/test/fixtures/runs.json.gz');

/** What each run traced. */
export const traceFiles: Runs = runsIn('trace/test/fixtures/traces.json.gz');

/** Every trace of a real kernel. */
export const traces: readonly (readonly [run: string, file: string, text: string])[] = Object.entries(
  traceFiles,
).flatMap(([run, files]) => Object.entries(files).map(([file, text]) => [run, file, text] as const));

/** What the machine of a run says about itself. */
export function filesOf(run: string): Files {
  const files = hosts[run];
  if (files === undefined) throw new RangeError(`no run ${JSON.stringify(run)}`);
  return files;
}

/** A file as the reader of a host takes it; empty when there is none. */
export function fileIn(files: Files, name: string): { readonly name: string; readonly text: string } {
  return { name, text: files[name] ?? '' };
}

/** The texts of a host that these files are. */
export function textsOf(files: Files): HostTexts {
  return {
    cpuinfo: fileIn(files, 'cpuinfo.txt'),
    params: fileIn(files, 'params.txt'),
    uname: fileIn(files, 'uname.txt'),
    dmesg: fileIn(files, 'dmesg.txt'),
    iomem: fileIn(files, 'iomem.txt'),
  };
}

/** The MMU of the kernel of a run, from the texts of its machine. */
export function mmuOfRun(run: string): Mmu {
  return mmuOf(hostReport(textsOf(filesOf(run))));
}
