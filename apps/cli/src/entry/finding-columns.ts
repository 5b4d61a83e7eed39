// SPDX-License-Identifier: GPL-2.0-only

/** The codes of findings, each once. */
export function codes(findings: readonly { readonly code: string }[]): string[] {
  return [...new Set(findings.map(({ code }) => code))];
}

/** All bits that findings name. */
export function findingBits(findings: readonly { readonly bits: readonly number[] }[]): bigint {
  return findings.flatMap(({ bits }) => bits).reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
}
