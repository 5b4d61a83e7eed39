// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser, skipReason } from './browser.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the playground in a browser', () => {
  let outDir: string | undefined;
  let server: PreviewServer | undefined;
  let browser: Browser | undefined;
  let page: Page;
  /** What the page wrote to the console as an error or threw. */
  let complaints: string[];

  beforeAll(async () => {
    if (skipReason !== undefined) return;
    outDir = mkdtempSync(join(tmpdir(), 'spte-playground-'));
    await build({ root, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
    server = await preview({
      root,
      logLevel: 'warn',
      build: { outDir },
      preview: { host: '127.0.0.1', port: 0 },
    });
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (outDir !== undefined) rmSync(outDir, { recursive: true, force: true });
  });

  beforeEach(async (context) => {
    if (skipReason !== undefined) return context.skip(skipReason);
    const address = server?.httpServer.address();
    if (browser === undefined || typeof address !== 'object' || address === null) {
      throw new Error('the page is not served');
    }
    const browserContext = await browser.newContext();
    page = await browserContext.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${address.port}/`);
    return () => browserContext.close();
  });

  it('opens with its heading and no error in the console', async () => {
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('SPTE playground');
    expect(complaints).toEqual([]);
  });

  it('gives axe nothing to complain about', async () => {
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze();
    expect(violations.map(({ id, nodes }) => ({ id, targets: nodes.map((node) => node.target) }))).toEqual(
      [],
    );
  });
});
