// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hosts } from '@spte/testing/runs';
import { folder } from './run.ts';

/** Puts the files of a machine into a folder, which is called as it is unless told otherwise. */
export function captured(name: string, called: string = name): string {
  const place = join(folder, called);
  mkdirSync(place, { recursive: true });
  for (const [file, text] of Object.entries(hosts[name] ?? {})) writeFileSync(join(place, file), text);
  return place;
}
