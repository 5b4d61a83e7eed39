// SPDX-License-Identifier: GPL-2.0-only

/** Names of at most three characters, for a bracket that is one bit wide. */
const SHORT: Readonly<Record<string, string>> = {
  readable: 'R',
  writable: 'W',
  executable: 'X',
  userExecutable: 'XU',
  present: 'P',
  user: 'U',
  noExecute: 'NX',
  memtype: 'MT',
  ignorePat: 'IP',
  cacheControl: 'CD',
  pat: 'PAT',
  patLarge: 'PAT',
  accessed: 'A',
  dirty: 'D',
  pageSize: 'PS',
  global: 'G',
  suppressVe: 'VE',
  address: 'PA',
  encryption: 'C',
  mmuPresent: 'SP',
  hostWritable: 'HW',
  mmuWritable: 'MW',
  adType: 'A/D',
  savedReadable: 'R′',
  savedExecutable: 'X′',
  savedUserExecutable: 'XU′',
  mmioValue: 'IO',
  mmioAccess: 'ACC',
  mmioGeneration: 'GEN',
  mmioGpa: 'GPA',
  l1tfGuard: 'L1',
  frozen: 'FZ',
  empty: '·',
  reserved: '0',
  ignored: '·',
};

/** Names that say more than core's. */
const WORDS: Readonly<Record<string, string>> = {
  reserved: 'must be 0',
  ignored: 'unused',
};

/** What a bracket of one bit says of a field; for a plugin's field its first letters. */
export const shortName = (name: string): string => SHORT[name] ?? name.slice(0, 2).toUpperCase();

/** What a field is called where there is room. */
export const fieldWords = (name: string): string => WORDS[name] ?? name;
