// SPDX-License-Identifier: GPL-2.0-only

/** A memory image that cannot be read; the message says what was found and what to do. */
export class ImageError extends Error {
  /** Always `ImageError`. */
  override readonly name = 'ImageError';
  /** Always `SPTE_IMAGE`: tells this error from others without `instanceof`. */
  readonly code = 'SPTE_IMAGE';
}
