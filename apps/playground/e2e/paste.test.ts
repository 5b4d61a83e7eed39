// SPDX-License-Identifier: GPL-2.0-only
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skipReason } from './browser.ts';
import { openSite, type Site, type Visit } from './site.ts';

const SPLAT = `[  118.207] WARNING: CPU: 3 PID: 2210 at arch/x86/kvm/mmu/spte.c:215 make_spte+0x2e1/0x300 [kvm]
[  118.207] spte = 0x800000018a600ee7, level = 2, rsvd bits = 0x800f0000001fe000
[  118.207] CPU: 3 PID: 2210 Comm: qemu-system-x86 Not tainted 5.19.0-rc7 #1`;

describe('what is pasted into the page', () => {
  let site: Site | undefined;
  let current: Visit | undefined;

  beforeAll(async () => {
    if (skipReason === undefined) site = await openSite();
  });
  afterAll(() => site?.close());
  beforeEach((context) => {
    if (skipReason !== undefined) context.skip(skipReason);
  });
  afterEach(async () => {
    const visit = current;
    current = undefined;
    await visit?.end();
    const problems = [...(visit?.complaints ?? []), ...(visit?.strayRequests() ?? [])];
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });

  async function open(visit: (site: Site) => Promise<Visit> = (of) => of.visit()): Promise<Page> {
    if (site === undefined) throw new Error('the page is not served');
    current = await visit(site);
    return current.page;
  }

  const box = (page: Page) => page.getByRole('textbox', { name: 'Paste' });
  const verdict = (page: Page) => page.getByRole('status').textContent();

  /** Pastes as a visitor does: in the place of all that is there. */
  async function paste(page: Page, text: string): Promise<void> {
    await box(page).selectText();
    await box(page).evaluate((element, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  }

  it.each(['a server', 'a file'])('is answered from %s, with a verdict and the context', async (from) => {
    const page = await open((of) => (from === 'a file' ? of.visitFile() : of.visit()));
    await paste(page, SPLAT);
    await expect.poll(() => verdict(page)).toContain('6c6ab524cfae');
    expect(await page.getByRole('status').count()).toBe(1);
    const context = page.getByRole('region', { name: 'Context' });
    expect(await context.locator('[data-origin="read"]').allTextContents()).toContainEqual(
      expect.stringContaining('5.19'),
    );
    expect(await page.locator('.paste-recognised').textContent()).toContain('a kernel log');
    expect(await page.locator('[data-code]').count()).toBeGreaterThan(0);
    expect(await page.title()).toContain('0x800000018a600ee7');
  });

  it('is a step of the history, and goes with the link', async () => {
    const page = await open();
    await paste(page, '0x2c583e907 -> 0x5a0');
    await expect.poll(() => verdict(page)).not.toContain('0x455299000');
    const hash = new URL(page.url()).hash;
    await page.goBack();
    await expect.poll(() => verdict(page)).toContain('0x455299000');
    await current?.end();
    const again = await open((of) => of.visit(hash));
    expect(await box(again).inputValue()).toBe('0x2c583e907 -> 0x5a0');
  });

  it('is a list when there are several, walked by finding', async () => {
    const page = await open();
    await paste(page, '0x600000455299b77@1\t0x600000455299b77@1\n0x600800455299b77@1');
    const list = page.getByRole('region', { name: 'Entries' });
    await expect.poll(() => list.getByRole('listitem').count()).toBe(3);
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('n');
    await expect
      .poll(() => page.getByLabel('SPTE (hex)', { exact: true }).inputValue())
      .toBe('0x600800455299b77');
    expect(await list.locator('[data-code="reserved-bits"]').count()).toBe(1);
  });

  it('changes nothing when it is hostile, and does not swell the link', async () => {
    const page = await open();
    await paste(page, `<img src=x onerror="document.title='owned'">${'<b>'.repeat(1_000_000)}`);
    await expect.poll(() => page.locator('.paste-recognised').textContent()).toContain('not looked at');
    expect(await page.locator('.view img').count()).toBe(0);
    expect(page.url().length).toBeLessThan(5000);
    expect(await verdict(page)).toContain('0x455299000');
    expect(await page.title()).not.toContain('owned');
  });

  it('leaves the last answer, dimmed, while nonsense is typed', async () => {
    const page = await open();
    await page.getByLabel('SPTE (hex)', { exact: true }).fill('0xnothing');
    await page.locator('.answer.is-stale').waitFor();
    expect(await page.locator('.answer [data-bit]').count()).toBe(64);
    expect(await verdict(page)).toContain('0x455299000');
  });

  it('says which parts of a link are not known', async () => {
    const page = await open((of) => of.visit('#v=99&preset=nothing&level=9'));
    expect(await page.locator('.link-notices li').count()).toBe(3);
  });

  it('finds no script that is not the page’s own', async () => {
    const page = await open();
    const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(await page.locator('script[type="module"], [crossorigin]').count()).toBe(0);
  });
});
