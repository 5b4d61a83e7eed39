// SPDX-License-Identifier: GPL-2.0-only

/** How a table is used: EPT, NPT, shadow paging (also of a nested NPT), or the shadow of a nested EPT. */
export type Mode = 'ept' | 'npt' | 'shadow' | 'ept12';

/** Whose CPU it is: Intel's or AMD's. */
export type VendorName = 'vmx' | 'svm';
