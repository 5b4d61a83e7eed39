// SPDX-License-Identifier: GPL-2.0-only
import type { Finding } from '@spte/core';
import { maskOf } from '../bits/bit-ranges.ts';

/** The bits with which something is wrong: those of errors, not of warnings. */
export function wrongBits(findings: readonly Finding[]): bigint {
  return maskOf(findings.filter(({ severity }) => severity === 'error').flatMap(({ bits }) => bits));
}
