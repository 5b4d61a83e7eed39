#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { createVendor } from './create-vendor.ts';

const HELP = `Usage: npm create spte-vendor NAME

Writes a package spte-vendor-NAME into a new folder of that name: a vendor plugin for @spte with its tests.
`;

const args = process.argv.slice(2);
const [name] = args;
if (name === undefined || args.length > 1 || name.startsWith('-')) {
  (name === '--help' ? process.stdout : process.stderr).write(HELP);
  process.exitCode = name === '--help' ? 0 : 2;
} else {
  const own = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(own) as { version: string };
  try {
    const folder = createVendor(name, { into: process.cwd(), version });
    process.stdout.write(`${folder} is there. Next:\n\n  cd ${folder}\n  npm install\n  npm test\n`);
  } catch (error) {
    process.stderr.write(`create-spte-vendor: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
