// SPDX-License-Identifier: GPL-2.0-only
import { type EntryFinding, entryFindingText, type WalkEntry } from '@spte/walk';
import { possibleText } from '../entry/possible.ts';
import { aboutEntry, type Reporter } from '../verdict/report.ts';

/** Tells a reporter what is wrong with an entry of an image. */
export function tellEntry(reporter: Reporter, image: string, entry: WalkEntry): void {
  const { level, gpa, spte, findings, possible } = entry;
  const tell = ({ code }: Pick<EntryFinding, 'code'>, isPossible: boolean, what: string): void => {
    const text = `gpa 0x${gpa.toString(16)}: ${aboutEntry(spte, level, what)}`;
    reporter.issue(image, { code, isPossible, line: null, text });
  };
  for (const finding of findings) tell(finding, false, entryFindingText(finding));
  for (const one of possible) tell(one.finding, true, possibleText(one));
}
