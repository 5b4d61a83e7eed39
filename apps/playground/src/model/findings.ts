// SPDX-License-Identifier: GPL-2.0-only
import { bit, type Finding } from '@spte/core';

/** The bits with which something is wrong: those of errors, not of warnings. */
export function wrongBits(findings: readonly Finding[]): bigint {
  return findings
    .filter(({ severity }) => severity === 'error')
    .flatMap(({ bits }) => bits)
    .reduce((mask, n) => mask | bit(n), 0n);
}
