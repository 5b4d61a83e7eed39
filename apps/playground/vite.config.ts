// SPDX-License-Identifier: GPL-2.0-only
import { defaultClientConditions, type Plugin, type UserConfig } from 'vite';

// Nothing is sent anywhere, nothing comes from anywhere but the page's own files. Styles are files, too: what components
// set goes through the style object of an element, which needs no permission. The empty icon is a data: URL.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'";

/** Makes the page work from file://, where browsers load neither module scripts nor anything with `crossorigin`. */
const plainPage: Plugin = {
  name: 'plain-page',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) =>
      html
        .replace(
          '<meta charset="utf-8" />',
          `$&\n    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />`,
        )
        .replaceAll(/<script type="module" crossorigin/g, '<script defer')
        .replaceAll(/<link rel="stylesheet" crossorigin/g, '<link rel="stylesheet"'),
  },
};

const config: UserConfig = {
  // Relative links, so that the built page can be served from any folder.
  base: './',
  plugins: [plainPage],
  build: {
    modulePreload: false,
    // The styles as a file: those in a script would be inline.
    cssCodeSplit: false,
    // One classic script, whose names stay its own; it is no module, and core can do without knowing its file.
    rolldownOptions: {
      output: { format: 'iife' },
      transform: { define: { 'import.meta': '{}' } },
    },
  },
  // The sources of @spte/*: the page needs no build of them and follows every edit.
  resolve: { conditions: ['@spte/source', ...defaultClientConditions] },
};
export default config;
