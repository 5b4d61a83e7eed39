// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Masks } from '@spte/core';

/** What was recorded of one kernel; real/README.md says what each key holds. */
export interface RealRun {
  readonly run: string;
  readonly config: {
    readonly kernel: string;
    readonly vendor: 'vmx' | 'svm';
    readonly physBits: number;
    readonly l1tf: boolean;
    readonly gbpages: boolean;
    readonly mmioCaching: boolean;
    readonly nxHugePages: boolean;
    readonly ept?: boolean;
    readonly eptAd?: boolean;
    readonly npt?: boolean;
  };
  readonly masks: Readonly<Record<string, string>>;
  readonly sptes: readonly (readonly [value: string, level: number | null])[];
  readonly changes: readonly (readonly [from: string, to: string, level: number | null])[];
  readonly leaves: readonly (readonly [gfn: string, spte: string, flags: string, level: number])[];
  readonly mmio: readonly (readonly [gfn: string, access: string, generation: string, spte: string])[];
}

/** Every recorded run. */
export const realRuns: readonly RealRun[] = JSON.parse(
  gunzipSync(
    readFileSync(fileURLToPath(new URL('../../conformance/real/runs.json.gz', import.meta.url))),
  ).toString('utf8'),
) as RealRun[];

/** A recorded value, which traces print without `0x`. */
export function word(text: string): bigint {
  return BigInt(text.startsWith('0x') ? text : `0x${text}`);
}

/** Which of our masks a symbol of the kernel is. */
export const SYMBOLS: Readonly<Record<string, keyof Masks>> = {
  shadow_present_mask: 'present',
  shadow_user_mask: 'user',
  shadow_x_mask: 'x',
  shadow_xs_mask: 'x',
  shadow_xu_mask: 'xu',
  shadow_nx_mask: 'nx',
  shadow_accessed_mask: 'accessed',
  shadow_dirty_mask: 'dirty',
  shadow_host_writable_mask: 'hostWritable',
  shadow_mmu_writable_mask: 'mmuWritable',
  shadow_memtype_mask: 'memtype',
  shadow_acc_track_mask: 'accTrack',
  shadow_mmio_value: 'mmioValue',
  shadow_mmio_mask: 'mmioMask',
  shadow_mmio_access_mask: 'mmioAccess',
  shadow_nonpresent_or_rsvd_mask: 'nonpresentOrRsvd',
  shadow_nonpresent_or_rsvd_lower_gfn_mask: 'lowerGfn',
  shadow_me_mask: 'meMask',
  shadow_me_value: 'meValue',
};
