// SPDX-License-Identifier: GPL-2.0-only
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed, N skipped` as the very last line of a run.
 *
 * What fails a run without failing a test (a file that does not load, an unhandled error, coverage below
 * its threshold) counts as one failure, so that the line never claims success for a run that exits non-zero.
 */
export default class Summary implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  readonly #reasons = new Set<string>();

  onInit(): void {
    process.on('exit', (code) => this.#print(code));
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // A run under `vitest --watch` ends many times.
    this.#passed = this.#failed = this.#skipped = 0;
    this.#reasons.clear();
    for (const module of modules) this.#count(module);
  }

  #count(module: TestModule): void {
    let failedTests = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') this.#passed++;
      else if (result.state === 'failed') failedTests++;
      else {
        this.#skipped++;
        if (result.state === 'skipped' && result.note !== undefined) this.#reasons.add(result.note);
      }
    }
    this.#failed += failedTests === 0 && module.state() === 'failed' ? 1 : failedTests;
  }

  #print(code: number): void {
    for (const reason of this.#reasons) console.log(`skipped: ${reason}`);
    if (code !== 0 && this.#failed === 0) {
      this.#failed = 1;
      console.log('The run failed outside its tests; the lines above say where.');
    }
    console.log(`\n${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`);
  }
}
