// SPDX-License-Identifier: GPL-2.0-only
import type { Slot } from '@spte/kvm';

/** What is special about a slot, in words: its flags, and whether KVM made it for itself. */
export function slotWords({ flagNames, isInternal }: Pick<Slot, 'flagNames' | 'isInternal'>): string {
  return [...flagNames, ...(isInternal ? ["KVM's own"] : [])].join(', ');
}
