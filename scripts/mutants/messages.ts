// SPDX-License-Identifier: GPL-2.0-only
// What the parent and its runners say to each other.

/** A test file, in the project that runs it. */
export interface TestFile {
  readonly project: string;
  /** From the root. */
  readonly file: string;
}

/** Run these, one after the other, up to the first that fails. */
export interface Job {
  /** Files that changed since the last job, from the root. */
  readonly changed: readonly string[];
  readonly tests: readonly TestFile[];
}

export interface Failure extends TestFile {
  /** The name of the test, or what failed instead of one. */
  readonly test: string;
  /** What its first error says, as far as there is one. */
  readonly why: string;
}

export type Message =
  | { readonly type: 'ready'; readonly tests: readonly TestFile[] }
  /** A test file was begun: the parent gives up on one that does not end. */
  | { readonly type: 'begun'; readonly test: TestFile }
  | { readonly type: 'done'; readonly failure: Failure | null };
