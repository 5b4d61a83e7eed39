// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { root } from '../pnpm.mjs';

/**
 * As far as it is needed of playwright-core, which the tests of the page have.
 *
 * @typedef {{
 *   on(event: 'pageerror', hear: (error: Error) => void): void;
 *   goto(url: string): Promise<unknown>;
 *   waitForFunction(code: string, arg: undefined, options: { timeout: number }): Promise<unknown>;
 *   title(): Promise<string>;
 * }} Page
 *
 * @typedef {{ newPage(): Promise<Page>, close(): Promise<void> }} Browser
 * @typedef {{ launch(options: { executablePath: string, args: string[] }): Promise<Browser> }} Chromium
 */

const BROWSERS = [
  process.env['CHROME_PATH'],
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
];

/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };

/** A browser on this machine. */
export const browserPath = () => BROWSERS.find((path) => path !== undefined && existsSync(path));

/**
 * Opens a page that imports packages as they are installed, by an import map and without a bundler.
 *
 * @param {string} folder the installation
 * @param {readonly string[]} names of the packages
 * @param {string} script a module that sets `document.title`
 * @param {string} executablePath of the browser
 * @returns {Promise<string>} the title
 */
export async function titleOfPage(folder, names, script, executablePath) {
  const imports = Object.fromEntries(names.map((name) => [name, `/node_modules/${name}/dist/index.js`]));
  const html = [
    '<!doctype html><meta charset="utf-8">',
    `<script type="importmap">${JSON.stringify({ imports })}</script>`,
    `<script type="module">${script}</script>`,
  ].join('\n');
  const server = createServer(({ url = '/' }, response) => {
    const path = join(folder, normalize(new URL(url, 'http://localhost').pathname));
    if (url !== '/' && !existsSync(path)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[url === '/' ? '.html' : extname(path)] ?? 'text/plain' });
    response.end(url === '/' ? html : readFileSync(path));
  });
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const module = join(root, 'apps/playground/node_modules/playwright-core/index.mjs');
  const { chromium } = /** @type {{ chromium: Chromium }} */ (await import(module));
  const args = [
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
  ];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(`http://127.0.0.1:${port}/`);
    await page
      .waitForFunction("document.title !== ''", undefined, { timeout: 30_000 })
      .catch(() => undefined);
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return await page.title();
  } finally {
    await browser.close();
    server.close();
  }
}
