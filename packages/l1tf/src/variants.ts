// SPDX-License-Identifier: GPL-2.0-only
import type { Variant } from '@spte/core';
import { guardedCpus } from './masks.ts';

/** Every difference between kernels that the rules of this package know, for the documentation. */
export const l1tfVariants: readonly Variant<unknown>[] = [guardedCpus];
