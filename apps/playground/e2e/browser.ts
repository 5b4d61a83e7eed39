// SPDX-License-Identifier: GPL-2.0-only
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const candidates = [
  process.env['CHROME_PATH'],
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
];

/** The first browser found on this machine. */
const browserPath: string | undefined = candidates.find(
  (path) => path !== undefined && path !== '' && existsSync(path),
);

/** Why the browser tests cannot run; `undefined` when they can, and in CI, where a missing browser is a failure. */
export const skipReason: string | undefined =
  browserPath === undefined && (process.env['CI'] ?? '') === ''
    ? 'no Chromium found: install chromium-headless-shell, or set CHROME_PATH to a Chromium or Chrome'
    : undefined;

/** Starts the browser; it asks nothing of any host but the page's. */
export function launchBrowser(): Promise<Browser> {
  if (browserPath === undefined) {
    throw new Error('CI needs a browser: install chromium-headless-shell or set CHROME_PATH');
  }
  const args = ['--disable-gpu', '--disable-quic', '--no-first-run'];
  args.push('--disable-background-networking', '--disable-component-update', '--disable-sync');
  // Chromium refuses to sandbox itself for root, who runs most containers.
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  return chromium.launch({ executablePath: browserPath, headless: true, args });
}
