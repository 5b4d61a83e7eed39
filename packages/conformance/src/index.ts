// SPDX-License-Identifier: GPL-2.0-only
/**
 * What differs by kernel, as a page.
 *
 * @module
 */
export { kernelTable } from './kernel-table.ts';
