// SPDX-License-Identifier: GPL-2.0-only
// @ts-check
import { bit, extendVendor, hex, spteToPfn } from '@spte/core';
import { explainNestedPageFault, svm } from '@spte/vendor-svm';

/*
 * In a VM of SEV-SNP an entry of NPT looks as in any other. Whether a page is private is not in the entry: the guest says
 * it by the C-bit of its own tables, and the RMP has it for each page of the host. So that this plugin is given the RMP,
 * as far as it is known, and has no bit of its own. The C-bit of the host's encryption (`smeMeMask` of svm()) is set in
 * all entries but those of devices, whatever the gfn: kvm_mmu_set_me_spte_mask(), make_spte().
 */

/**
 * What the RMP says of a page of the host. Source: snp_lookup_rmpentry(), which answers these two; since Linux 6.9.
 *
 * @typedef {{ assigned: boolean, level: 1 | 2 }} RmpEntry level 1 for 4K, 2 for 2M
 */

/**
 * Says what is known of a page of the host, by its pfn; null for nothing.
 *
 * @typedef {(pfn: bigint) => RmpEntry | null} Rmp
 */

/** @type {Rmp} */
const UNKNOWN = () => null;

/** Bits of an entry that say how large its page is. */
const PAGE_SIZE = bit(7);

/**
 * What the RMP says of the page of a leaf, if that is a guest's.
 *
 * @param {Rmp} rmp
 * @param {import('@spte/core').Mmu} mmu
 * @param {bigint} spte
 */
function ofGuest(rmp, mmu, spte) {
  const entry = rmp(spteToPfn(mmu, spte));
  return entry?.assigned === true ? entry : null;
}

/**
 * What a VM of SEV-SNP has that others have not; since Linux 6.11, which is the first to run them.
 *
 * @param {Rmp} rmp
 * @returns {import('@spte/core').Overlay}
 */
function overlay(rmp) {
  /** @type {NonNullable<import('@spte/core').Overlay['judge']>} */
  const judge = (mmu, { spte, kind }, { level }) => {
    if (kind !== 'leaf' || level === null) return [];
    const entry = ofGuest(rmp, mmu, spte);
    if (entry === null || entry.level === level) return [];
    const code = entry.level < level ? 'snp/larger-than-rmp' : 'snp/smaller-than-rmp';
    return [{ code, bits: level === 1 ? bit(0) : PAGE_SIZE, params: { pfn: spteToPfn(mmu, spte) } }];
  };
  /** @type {(params: Readonly<Record<string, unknown>>) => string} */
  const page = ({ pfn }) => `pfn ${hex(/** @type {bigint} */ (pfn))}`;
  return {
    name: 'snp',
    version: '0.1.0',
    kernels: { since: '6.11' },
    findings: {
      // sev_private_max_mapping_level(): upstream commit b2ec042347fd.
      'larger-than-rmp': {
        severity: 'error',
        text: (params) => `the RMP has ${page(params)} in pages of 4K: KVM maps it no larger`,
        next: 'was the RMP split while the entry stood?',
      },
      // sev_handle_rmp_fault(): upstream commit c63cf135cc99.
      'smaller-than-rmp': {
        severity: 'warning',
        text: (params) =>
          `the RMP has ${page(params)} in a page of 2M: the next private access faults, and KVM splits it by PSMASH`,
        next: 'is there a kvm_rmp_fault of this gpa?',
      },
    },
    judge,
    // Of an RMP that is not known the answer is the same for each page.
    dependsOn: rmp === UNKNOWN ? { judge: { of: judge, address: 0n } } : undefined,
  };
}

/**
 * AMD with a VM of SEV-SNP.
 *
 * @param {import('@spte/vendor-svm').SvmOptions & { rmp?: Rmp }} [options] `rmp`: the RMP, as far as it is known
 * @returns {import('@spte/core').Vendor}
 */
export function snp(options = {}) {
  const { rmp = UNKNOWN, ...others } = options;
  const base = extendVendor(svm(others), overlay(rmp));
  return {
    ...base,
    cpuReads(mmu, spte, level, role) {
      const readings = base.cpuReads?.(mmu, spte, level, role) ?? [];
      /** @type {(outcome: import('@spte/core').Outcome) => import('@spte/core').Outcome} */
      const seen = (outcome) => {
        if (outcome.kind !== 'translates') return outcome;
        const entry = ofGuest(rmp, mmu, spte);
        // The mapping is smaller than the page of the RMP: upstream commit c63cf135cc99, in words.
        return entry === null || entry.level <= level
          ? outcome
          : {
              kind: 'snp/rmp-fault',
              text: '#NPF, refused by the RMP: KVM splits the page of 2M',
              passes: false,
            };
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

/** Set by the CPU where the guest's access was encrypted: PFERR_GUEST_ENC_MASK, since 6.10. */
const ENCRYPTED = bit(34);
/** Set by KVM, from 6.11 on, in what it prints: PFERR_PRIVATE_ACCESS. */
const PRIVATE = bit(49);
/** PFERR_GUEST_RMP_MASK. */
const RMP = bit(31);
/** PFERR_GUEST_SIZEM_MASK. */
const SIZE_MISMATCH = bit(35);

/**
 * What a nested page fault of such a VM means, by its error code, of which half is beyond 32 bits.
 *
 * @param {bigint} errorCode `error_code` of a kvm_page_fault or kvm_rmp_fault line
 */
export function explainSnpFault(errorCode) {
  const said = explainNestedPageFault(errorCode);
  const isSet = (/** @type {bigint} */ mask) => (errorCode & mask) !== 0n;
  const isPrivate = isSet(ENCRYPTED) || isSet(PRIVATE);
  // npf_interception(), sev_handle_rmp_fault(): upstream commit c63cf135cc99.
  const next = !isSet(RMP)
    ? `an ordinary fault of ${isPrivate ? 'private' : 'shared'} memory`
    : isSet(SIZE_MISMATCH)
      ? 'PVALIDATE or RMPADJUST of 4K in a page of 2M: KVM splits it by PSMASH'
      : isPrivate
        ? 'the page is shared, and is to become private: userspace decides; or KVM splits a page of 2M'
        : 'unexpected: KVM warns of RMP faults of shared memory';
  return { ...said, isPrivate, next };
}

export default snp;
