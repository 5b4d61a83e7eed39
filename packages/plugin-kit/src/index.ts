// SPDX-License-Identifier: GPL-2.0-only
/**
 * The checks that every vendor and policy must pass, for any test runner: as lists of problems, as suites, and for
 * single entries.
 *
 * @module
 */
export { checkPolicy, checkVendor, KIT_CHECKS, type PolicyOptions } from './check-plugin.ts';
export { type CliIo, main } from './cli.ts';
export {
  type ChangeCase,
  type EntryCases,
  EntryTester,
  type InvalidEntry,
  type ValidEntry,
} from './entry-tester.ts';
export { KIT_HOSTS, KIT_KERNELS } from './kernels.ts';
export { type CheckOptions, type KitHost, type Problem, problemText } from './problem.ts';
export {
  type KnownProblem,
  type PluginVector,
  type PolicySuiteOptions,
  policySuite,
  type SuiteOptions,
  type TestFunction,
  type VendorSuiteOptions,
  vendorSuite,
} from './suite.ts';
