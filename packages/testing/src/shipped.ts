// SPDX-License-Identifier: GPL-2.0-only
// The plugins that ship, for tests of what they build on: core cannot depend on them.
export { l1tf } from '@spte/l1tf';
export { mmio } from '@spte/mmio';
export { svm } from '@spte/vendor-svm';
export { vmx } from '@spte/vendor-vmx';
