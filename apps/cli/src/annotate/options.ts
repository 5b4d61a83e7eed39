// SPDX-License-Identifier: GPL-2.0-only
import type { ContextData } from '../context/context.ts';
import type { CommonOptions } from '../context/session.ts';
import type { VerdictOptions } from '../verdict/options.ts';
import type { FilterOptions } from './filter-options.ts';

/** Options of `annotate`; they may be handed to a worker. */
export interface AnnotateOptions extends CommonOptions, VerdictOptions, FilterOptions {
  readonly summary?: boolean;
  readonly only?: 'findings';
  readonly parquet?: string;
  readonly jobs?: number;
}

/** One of the inputs. */
export interface Input {
  /** As typed; `-` is the standard input. */
  readonly path: string;
  /** What it is called where there are several; null where it is the only one. */
  readonly name: string | null;
  /** The Parquet file that is wanted of it. */
  readonly part: string | null;
  readonly context: ContextData;
  /** Whether it has splats without an entry, so that every line is looked at. */
  readonly hasSplats: boolean;
}
