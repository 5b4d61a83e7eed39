// SPDX-License-Identifier: GPL-2.0-only
import type { Candidate, ExitReader } from '@spte/core';

/** Whom to ask about more than entries. */
export interface AnnotatorOptions {
  /**
   * What vendors know of exits: `vmxExits` of `@spte/vendor-vmx`, `svmExits` of `@spte/vendor-svm`. Lines say themselves
   * whose they are, so that both may be given. None when absent: exits and faults are then not explained.
   */
  readonly exits?: readonly ExitReader[];
  /**
   * Contexts beside that of the MMU that the trace may be of: what is wrong in some of them only is a
   * possible finding. None when absent.
   */
  readonly others?: readonly Candidate[];
}
