// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { build, preview } from 'vite';
import { launchBrowser } from './browser.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A page in a browser of its own, and what it did that it should not. */
export interface Visit {
  readonly page: Page;
  /** What the page wrote to the console as an error or a warning, or threw. */
  readonly complaints: readonly string[];
  /** Every request that left the host of the page. */
  readonly strayRequests: () => string[];
  readonly end: () => Promise<void>;
}

/** The built playground, served on the loopback host, and a browser. */
export interface Site {
  readonly visit: (hash?: string, options?: BrowserContextOptions) => Promise<Visit>;
  /** The same page, opened as a file. */
  readonly visitFile: (hash?: string) => Promise<Visit>;
  readonly close: () => Promise<void>;
}

/** Builds the page as it is shipped and serves it. */
export async function openSite(): Promise<Site> {
  const outDir = mkdtempSync(join(tmpdir(), 'spte-playground-'));
  await build({ root, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  const server = await preview({
    root,
    logLevel: 'warn',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const address = server.httpServer.address();
  if (typeof address !== 'object' || address === null) throw new Error('the page is not served');
  const origin = `http://127.0.0.1:${address.port}`;
  const browser = await launchBrowser();
  return {
    visit: (hash = '', options = {}) => visit(browser, `${origin}/${hash}`, options),
    visitFile: (hash = '') => visit(browser, `${pathToFileURL(join(outDir, 'index.html')).href}${hash}`, {}),
    async close() {
      await browser.close();
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}

async function visit(browser: Browser, url: string, options: BrowserContextOptions): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  const own = new URL('.', url).href;
  const strayRequests = (): string[] =>
    requests.filter((request) => !request.startsWith(own) && !request.startsWith('data:'));
  await page.goto(url);
  return { page, complaints, strayRequests, end: () => context.close() };
}
