// SPDX-License-Identifier: GPL-2.0-only
import { type Codecs, choice, flag, text } from '../fields/codec.ts';

/** The form of an SPTE to be built: a leaf, a table or an MMIO SPTE. */
export interface BuildForm {
  readonly make: 'leaf' | 'table' | 'mmio';
  readonly gfn: string;
  readonly pfn: string;
  readonly childPa: string;
  readonly at: '1' | '2' | '3';
  readonly tableAt: '2' | '3' | '4' | '5';
  readonly oldSpte: string;
  readonly generation: string;
  readonly read: boolean;
  readonly user: boolean;
  readonly write: boolean;
  readonly exec: boolean;
  readonly prefetch: boolean;
  readonly canUnsync: boolean;
  readonly writeTracked: boolean;
  readonly hostWritable: boolean;
  readonly adDisabled: boolean;
  readonly guestMode: boolean;
  readonly dirtyLog: boolean;
  readonly device: boolean;
  readonly noncoherentDma: boolean;
  readonly cr0Cd: boolean;
  readonly quirkCdNw: boolean;
  readonly guestMtrr: '0' | '1' | '4' | '5' | '6';
  readonly nxOptOut: boolean;
}

export const buildCodecs: Codecs<BuildForm> = {
  make: choice('leaf', 'table', 'mmio'),
  gfn: text,
  pfn: text,
  childPa: text,
  at: choice('1', '2', '3'),
  tableAt: choice('2', '3', '4', '5'),
  oldSpte: text,
  generation: text,
  read: flag,
  user: flag,
  write: flag,
  exec: flag,
  prefetch: flag,
  canUnsync: flag,
  writeTracked: flag,
  hostWritable: flag,
  adDisabled: flag,
  guestMode: flag,
  dirtyLog: flag,
  device: flag,
  noncoherentDma: flag,
  cr0Cd: flag,
  quirkCdNw: flag,
  guestMtrr: choice('0', '1', '4', '5', '6'),
  nxOptOut: flag,
};

/** The request behind that entry. */
export const firstBuild: BuildForm = {
  make: 'leaf',
  gfn: '0x99',
  pfn: '0x455299',
  childPa: '0x2c583e000',
  at: '1',
  tableAt: '4',
  oldSpte: '0x0',
  generation: '0x10',
  read: true,
  user: true,
  write: true,
  exec: true,
  prefetch: false,
  canUnsync: true,
  writeTracked: false,
  hostWritable: true,
  adDisabled: false,
  guestMode: false,
  dirtyLog: false,
  device: false,
  noncoherentDma: false,
  cr0Cd: false,
  quirkCdNw: true,
  guestMtrr: '6',
  nxOptOut: false,
};
