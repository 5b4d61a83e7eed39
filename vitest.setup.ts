// SPDX-License-Identifier: GPL-2.0-only
import fc from 'fast-check';

// The properties of every run see the same inputs, so that a failure is a change's. `pnpm unit:random` tries others.
fc.configureGlobal({ seed: Number(process.env['SPTE_SEED'] ?? 1) });
