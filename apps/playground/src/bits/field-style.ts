// SPDX-License-Identifier: GPL-2.0-only

/** What fields have in common that share a colour. */
export type Family =
  | 'access'
  | 'memtype'
  | 'use'
  | 'shape'
  | 'software'
  | 'address'
  | 'secret'
  | 'mmio'
  | 'guard'
  | 'reserved'
  | 'ignored';

interface FieldStyle {
  readonly family: Family;
  /** At most three characters, for a cell that is one bit wide. */
  readonly short: string;
}

const style = (family: Family, short: string): FieldStyle => ({ family, short });

const styles: Readonly<Record<string, FieldStyle>> = {
  readable: style('access', 'R'),
  writable: style('access', 'W'),
  executable: style('access', 'X'),
  userExecutable: style('access', 'XU'),
  present: style('access', 'P'),
  user: style('access', 'U'),
  noExecute: style('access', 'NX'),
  memtype: style('memtype', 'MT'),
  ignorePat: style('memtype', 'IP'),
  cacheControl: style('memtype', 'CD'),
  pat: style('memtype', 'PAT'),
  patLarge: style('memtype', 'PAT'),
  accessed: style('use', 'A'),
  dirty: style('use', 'D'),
  pageSize: style('shape', 'PS'),
  global: style('shape', 'G'),
  suppressVe: style('shape', 'VE'),
  address: style('address', 'PA'),
  encryption: style('secret', 'C'),
  mmuPresent: style('software', 'SP'),
  hostWritable: style('software', 'HW'),
  mmuWritable: style('software', 'MW'),
  adType: style('software', 'AD'),
  savedReadable: style('software', 'R′'),
  savedExecutable: style('software', 'X′'),
  savedUserExecutable: style('software', 'XU′'),
  mmioValue: style('mmio', 'IO'),
  mmioAccess: style('access', 'ACC'),
  mmioGeneration: style('software', 'GEN'),
  mmioGpa: style('address', 'GPA'),
  l1tfGuard: style('guard', 'L1'),
  frozen: style('mmio', 'FZ'),
  empty: style('ignored', '·'),
  reserved: style('reserved', 'RSV'),
  ignored: style('ignored', '·'),
};

/** Colour and short name of a field; a plugin's field that is not known here gets a neutral colour. */
export function fieldStyle(name: string): FieldStyle {
  return styles[name] ?? { family: 'shape', short: name.slice(0, 2).toUpperCase() };
}
