#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main } from '@spte/plugin-kit';

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  load: async (file) => {
    if (file.endsWith('.json')) return { default: JSON.parse(readFileSync(resolve(file), 'utf8')) };
    return /** @type {Record<string, unknown>} */ (await import(pathToFileURL(resolve(file)).href));
  },
});
