// SPDX-License-Identifier: GPL-2.0-only
import { defaultClientConditions, type UserConfig } from 'vite';

const config: UserConfig = {
  // Relative links, so that the built page can be served from any folder.
  base: './',
  // The sources of @spte/*: the page needs no build of them and follows every edit.
  resolve: { conditions: ['@spte/source', ...defaultClientConditions] },
};
export default config;
