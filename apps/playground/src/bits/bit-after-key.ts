// SPDX-License-Identifier: GPL-2.0-only

/** Where a key leads from a bit; null for a key without a meaning here. */
export function bitAfterKey(key: string, bit: number, perRow: number): number | null {
  switch (key) {
    case 'ArrowLeft':
      return Math.min(bit + 1, 63);
    case 'ArrowRight':
      return Math.max(bit - 1, 0);
    case 'ArrowUp':
      return bit + perRow > 63 ? bit : bit + perRow;
    case 'ArrowDown':
      return bit - perRow < 0 ? bit : bit - perRow;
    case 'Home':
      return 63;
    case 'End':
      return 0;
    default:
      return null;
  }
}
