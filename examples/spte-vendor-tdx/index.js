// SPDX-License-Identifier: GPL-2.0-only
// @ts-check
import { bit, EPT, extendVendor, setMmioSpteValue } from '@spte/core';
import { vmx } from '@spte/vendor-vmx';

const RWX = EPT.readable.mask | EPT.writable.mask | EPT.executable.mask;

/**
 * A leaf of a mirror that lacks a permission. The TDX module does not let the hypervisor choose them.
 *
 * Source: upstream commit b9d5cf6de0b6, which WARNs where a mirror SPTE has not all of RWX.
 *
 * @type {NonNullable<import('@spte/core').Overlay['judge']>}
 */
const judgeMirror = (_mmu, { spte, kind }, { isMirror }) =>
  isMirror && kind === 'leaf' && (spte & RWX) !== RWX
    ? [{ code: 'tdx/mirror-permissions', bits: RWX & ~spte, params: { missing: RWX & ~spte } }]
    : [];

/**
 * What a VM of TDX has that others have not; since Linux 6.16.
 *
 * @type {import('@spte/core').Overlay}
 */
export const tdxOverlay = {
  name: 'tdx',
  version: '0.1.0',
  kernels: { since: '6.16' },
  // Upstream commit 7d10ffb1acac: RWX clear, so that the access is a violation, and bit 63 clear, so that it is a #VE.
  initVm: (setup, registry) => setMmioSpteValue(setup, registry, 0n),
  findings: {
    'mirror-permissions': {
      severity: 'error',
      text: ({ missing }) =>
        `a mirror must allow reads, writes and fetches, but bits 0x${/** @type {bigint} */ (missing).toString(16)} are clear: the TDX module decides`,
      next: 'which path took permissions away from private memory?',
    },
    'mirror-tracked': {
      severity: 'error',
      text: 'a mirror is not access-tracked: its permissions cannot be taken away',
      next: 'was an entry of the shared half read as one of the mirror?',
      where: { mask: 0n, value: 0n, kinds: ['tracked'], isMirror: true },
    },
    // Up to where the series on huge pages was read it is not in a release: KVM bugs the VM.
    'mirror-huge': {
      severity: 'warning',
      text: 'a huge page in a mirror: KVM maps private memory by 4K',
      where: {
        mask: EPT.pageSize.mask,
        value: EPT.pageSize.mask,
        kinds: ['leaf'],
        levels: [2, 3],
        isMirror: true,
      },
    },
  },
  judge: judgeMirror,
  dependsOn: { judge: { of: judgeMirror, address: 0n } },
};

const SUPPRESS_VE = bit(63);

/**
 * Intel with a VM of TDX: read its shared half as it is, its mirror with `root: { isMirror: true }`.
 *
 * @param {import('@spte/vendor-vmx').VmxOptions} [options]
 * @returns {import('@spte/core').Vendor}
 */
export function tdx(options = {}) {
  const base = extendVendor(vmx(options), tdxOverlay);
  return {
    ...base,
    cpuReads(mmu, spte, level, role) {
      const readings = base.cpuReads?.(mmu, spte, level, role) ?? [];
      /** @type {(outcome: import('@spte/core').Outcome) => import('@spte/core').Outcome} */
      const seen = (outcome) => {
        // The CPU walks the table of the TDX module, of which this one is a copy.
        if (role.isMirror && outcome.kind === 'ept-violation') {
          return {
            kind: 'tdx/private-violation',
            text: 'the TDX module walks its own table: an EPT violation for KVM',
            passes: false,
          };
        }
        // In TDX violations of entries without bit 63 go to the guest: upstream commit 7f01cab84928.
        const raisesVe = outcome.kind === 'ept-violation' && (spte & SUPPRESS_VE) === 0n;
        return raisesVe ? { kind: 'tdx/ve', text: '#VE in the guest', passes: false } : outcome;
      };
      return readings.map(({ accessor, read, write, fetch }) => ({
        accessor,
        read: seen(read),
        write: seen(write),
        fetch: seen(fetch),
      }));
    },
  };
}

export default tdx;
