// SPDX-License-Identifier: GPL-2.0-only
import type { ExitReader } from '@spte/core';
import { svmExits } from '@spte/vendor-svm';
import { vmxExits } from '@spte/vendor-vmx';

/** What the vendors that come with core know of exits. */
export const exits: readonly ExitReader[] = [vmxExits, svmExits];
