// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';
import { sampled } from './packages/testing/src/sampled.ts';

// The properties of every run see the same inputs, so that a failure is a change's. `pnpm unit:random` tries others.
// One that does not say how many inputs it needs gets fewer than in the long run.
fc.configureGlobal({ seed: Number(process.env['SPTE_SEED'] ?? 1), numRuns: sampled(40, 100) });
