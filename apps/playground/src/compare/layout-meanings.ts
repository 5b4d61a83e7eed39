// SPDX-License-Identifier: GPL-2.0-only
/** What each constant of a layout is for, in a line. */
export const layoutMeanings: Readonly<Record<string, string>> = {
  mmuPresent: 'Set in every present entry.',
  hostWritable: 'Software bit: the page is writable in the host.',
  mmuWritable: 'Software bit: the SPTE may be made writable without mmu_lock.',
  adType: 'How accessed and dirty are kept.',
  savedBits: 'Where an access-tracked SPTE keeps the permissions that it lost.',
  mmioMarker: 'Marks an MMIO SPTE.',
  mmioGeneration: 'Where an MMIO SPTE keeps the memslot generation.',
  mmioAllowed: 'The only bits that the mask of an MMIO SPTE may have.',
  frozen: 'An entry that one CPU is busy changing.',
  empty: 'An entry that maps nothing.',
};
