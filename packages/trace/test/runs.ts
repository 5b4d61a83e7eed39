// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Mmu } from '@spte/core';
import { hostReport, mmuOf } from '@spte/host';
import { readTraceSync, type TraceEntry, type TraceRecord } from '@spte/trace';

interface Fixture {
  readonly provenance: string;
  readonly runs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function load(path: string): Fixture {
  const packed = readFileSync(new URL(path, import.meta.url));
  return JSON.parse(gunzipSync(packed).toString()) as Fixture;
}

const hosts = load('../../host/test/fixtures/runs.json.gz').runs;

/** Every trace of a real kernel: run, file and text. */
export const traces: [run: string, file: string, text: string][] = Object.entries(
  load('./fixtures/traces.json.gz').runs,
).flatMap(([run, files]) =>
  Object.entries(files).map(([file, text]): [string, string, string] => [run, file, text]),
);

/** The MMU of the kernel of a run, from the texts of its machine. */
export function mmuOfRun(run: string): Mmu {
  const files = hosts[run] ?? {};
  const file = (name: string) => ({ name, text: files[name] ?? '' });
  const texts = { cpuinfo: file('cpuinfo.txt'), params: file('params.txt'), uname: file('uname.txt') };
  return mmuOf(hostReport(texts));
}

/** Machines that take address bits for encryption: key ids, or the C-bit. */
const encryptingMachine = (cpuinfo: string, dmesg: string): Mmu =>
  mmuOf(
    hostReport({
      cpuinfo: { name: 'cpuinfo', text: cpuinfo },
      uname: { name: 'uname', text: 'Linux h 6.1.5' },
      dmesg: { name: 'dmesg', text: dmesg },
    }),
  );
export const encrypting: { readonly mktme: Mmu; readonly sme: Mmu } = {
  mktme: encryptingMachine(
    'vendor_id : GenuineIntel\nflags : ept ept_ad\naddress sizes : 46 bits physical',
    'x86/mktme: 63 KeyIDs available',
  ),
  sme: encryptingMachine(
    'vendor_id : AuthenticAMD\ncpu family : 23\nflags : npt sme\naddress sizes : 43 bits physical',
    'Memory Encryption Features active: AMD SME',
  ),
};

export function entriesOf(text: string): TraceEntry[] {
  return [...readTraceSync([text])];
}

export function recordsOf(text: string): TraceRecord[] {
  return entriesOf(text).flatMap(({ record }) => record ?? []);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Gives bytes to a reader in pieces. */
export function pushAll(push: (chunk: Uint8Array) => void, bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) push(bytes.subarray(at, at + size));
}
