#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main } from '@spte/plugin-kit';

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  load: (file) => /** @type {Promise<Record<string, unknown>>} */ (import(pathToFileURL(resolve(file)).href)),
});
