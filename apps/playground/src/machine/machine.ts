// SPDX-License-Identifier: GPL-2.0-only
import type { MmuKind } from '@spte/core';
import { type Codecs, choice, flag, text } from '../fields/codec.ts';

/** What can be said about SME: off, switched on by the firmware only, or used by the host kernel. */
export type Sme = 'off' | 'firmware' | 'kernel';

/** The inputs of an MMU as the form holds them: numbers are the text that was typed. */
export interface Machine {
  readonly vendor: 'vmx' | 'svm';
  readonly kernel: string;
  readonly physBits: string;
  readonly rawPhysBits: string;
  readonly cacheBits: string;
  readonly l1tf: boolean;
  readonly gbpages: boolean;
  readonly ept: boolean;
  readonly eptAd: boolean;
  readonly eptExecOnly: boolean;
  readonly eptMaxPageLevel: '1' | '2' | '3';
  readonly pml: boolean;
  readonly npt: boolean;
  readonly sme: Sme;
  readonly cBit: string;
  readonly mmioCaching: boolean;
  readonly nxHugePages: boolean;
  /** `default`: what the vendor's tables are used for. */
  readonly mmuKind: 'default' | MmuKind;
  readonly rootLevel: '2' | '3' | '4' | '5';
  readonly eferNx: boolean;
  readonly guestGbpages: boolean;
  readonly ept12ExecOnly: boolean;
}

export const machineCodecs: Codecs<Machine> = {
  vendor: choice('vmx', 'svm'),
  kernel: text,
  physBits: text,
  rawPhysBits: text,
  cacheBits: text,
  l1tf: flag,
  gbpages: flag,
  ept: flag,
  eptAd: flag,
  eptExecOnly: flag,
  eptMaxPageLevel: choice('1', '2', '3'),
  pml: flag,
  npt: flag,
  sme: choice('off', 'firmware', 'kernel'),
  cBit: text,
  mmioCaching: flag,
  nxHugePages: flag,
  mmuKind: choice('default', 'tdp', 'shadow', 'ept12', 'none'),
  rootLevel: choice('2', '3', '4', '5'),
  eferNx: flag,
  guestGbpages: flag,
  ept12ExecOnly: flag,
};
