// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { hostReport, mmuOf } from '@spte/host';
import { readTraceSync, type TraceEntry, type TraceRecord } from '@spte/trace';

export { mmuOfRun, traces } from '@spte/testing/runs';

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
