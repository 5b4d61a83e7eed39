// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { vendorSuite } from '@spte/plugin-kit';
import { plugin } from '../dist/index.js';

// Values of real machines, with where they are from in `note`, are worth more than those built here.
const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'));

vendorSuite(test, { vendor: plugin, vectors });
