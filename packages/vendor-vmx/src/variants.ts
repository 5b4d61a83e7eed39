// SPDX-License-Identifier: GPL-2.0-only
import type { Variant } from '@spte/core';
import { eptVariant } from './ept-masks.ts';
import { memtypeIsByte, memtypeVariant } from './memtype.ts';

/** Every difference between kernels that the rules of this package know, for the documentation. */
export const vmxVariants: readonly Variant<unknown>[] = [eptVariant, memtypeVariant, memtypeIsByte];
