// SPDX-License-Identifier: GPL-2.0-only
import { AxeBuilder } from '@axe-core/playwright';
import { sampled } from '@spte/testing/sampled';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skipReason } from './browser.ts';
import { openSite, type Site, type Visit } from './site.ts';

const SIZES = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 800 },
  desk: { width: 1920, height: 1080 },
} as const;

describe('the register in a browser', () => {
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

  async function open(
    hash = '',
    size: keyof typeof SIZES = 'laptop',
    options: Parameters<Site['visit']>[1] = {},
  ): Promise<Page> {
    if (site === undefined) throw new Error('the page is not served');
    current = await site.visit(hash, { viewport: SIZES[size], ...options });
    return current.page;
  }

  const bit = (page: Page, n: number) => page.locator(`[data-bit="${n}"]`);
  const hex = (page: Page) => page.locator('.hex-value').first().textContent();
  const inspector = (page: Page) => page.getByRole('region', { name: 'Inspector' });

  it('names each bit by what is printed on it, and has one stop for Tab', async () => {
    const page = await open();
    const names = await page
      .locator('[data-bit]')
      .evaluateAll((bits) => bits.map((each) => [each.textContent, each.getAttribute('aria-label') ?? '']));
    expect(names).toHaveLength(64);
    expect(names.filter(([printed = '', name]) => printed === '' || !name?.startsWith(printed))).toEqual([]);
    expect(await page.locator('[data-bit][tabindex="0"]').count()).toBe(1);
  });

  it('shows brackets with values, 16, 32 or 64 bits in a row', async () => {
    const page = await open('', 'phone');
    await expect.poll(() => page.locator('.band').count()).toBe(4);
    await page.setViewportSize(SIZES.laptop);
    await expect.poll(() => page.locator('.band').count()).toBe(2);
    expect(await page.locator('.bracket', { hasText: 'address 0x455299000' }).count()).toBe(2);
    await page.setViewportSize(SIZES.desk);
    await expect.poll(() => page.locator('.band').count()).toBe(1);
    expect(await page.locator('.bracket', { hasText: 'memtype WB' }).count()).toBe(1);
  });

  it('previews what is pointed at without moving anything', async () => {
    const page = await open();
    await bit(page, 0).scrollIntoViewIfNeeded();
    const places = () =>
      page
        .locator('[data-bit], .bit-table tr, .fact')
        .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().top));
    const before = await places();
    for (const n of [58, 53, 30, 11, 4, 0]) {
      await bit(page, n).hover();
      await inspector(page)
        .getByRole('heading', { name: `Bit ${n} ` })
        .waitFor();
      expect(await places()).toEqual(before);
    }
  });

  it('pins with Enter, flips with F, lets go with Escape, and the back button undoes a flip', async () => {
    const page = await open();
    await bit(page, 58).focus();
    await page.keyboard.press('Enter');
    expect(await bit(page, 58).getAttribute('aria-pressed')).toBe('true');
    await page.mouse.move(0, 0);
    await inspector(page).getByRole('heading', { name: 'mmuWritable is set' }).waitFor();
    await page.keyboard.press('f');
    await expect.poll(() => hex(page)).toBe('0x0200000455299b77');
    expect(await page.locator('[data-bit]:focus').getAttribute('data-bit')).toBe('58');
    await inspector(page).getByRole('heading', { name: 'mmuWritable is clear' }).waitFor();
    await inspector(page).getByRole('button', { name: 'Flip bit 58' }).click();
    await expect.poll(() => hex(page)).toBe('0x0600000455299b77');
    await page.goBack();
    await expect.poll(() => hex(page)).toBe('0x0200000455299b77');
    await page.goBack();
    await expect.poll(() => hex(page)).toBe('0x0600000455299b77');
    await bit(page, 58).focus();
    await page.keyboard.press('Escape');
    await expect.poll(() => bit(page, 58).getAttribute('aria-pressed')).toBe('false');
  });

  it('takes a pfn, a memory type and permissions, each a step of the history', async () => {
    const page = await open();
    const change = page.getByRole('group', { name: 'Change' });
    await change.getByLabel('pfn').fill('1234');
    await change.getByLabel('pfn').press('Enter');
    await expect.poll(() => hex(page)).toBe('0x0600000001234b77');
    await change.getByLabel('memtype').selectOption({ label: 'UC' });
    await expect.poll(() => hex(page)).toBe('0x0600000001234b47');
    await change.getByLabel('writable').uncheck();
    await expect.poll(() => hex(page)).toBe('0x0600000001234b45');
    for (const before of ['0x0600000001234b47', '0x0600000001234b77', '0x0600000455299b77']) {
      await page.goBack();
      await expect.poll(() => hex(page)).toBe(before);
    }
  });

  it('says which bit a field is in other kernels, and what sets it', async () => {
    const page = await open();
    await bit(page, 58).click();
    await inspector(page).getByText('Set by make_spte(): nothing write-protects the page').waitFor();
    expect(await inspector(page).getByRole('row').count()).toBeGreaterThan(1);
    expect(await inspector(page).locator('[aria-current="true"]').textContent()).toContain('58');
  });

  it('opens a sheet at the bottom of a phone', async () => {
    const page = await open('', 'phone', { hasTouch: true });
    await bit(page, 58).tap();
    const [top, bottom] = await inspector(page).evaluate((sheet) => {
      const { top, bottom } = sheet.getBoundingClientRect();
      return [top, bottom];
    });
    expect(bottom).toBe(SIZES.phone.height);
    expect(top).toBeGreaterThan(SIZES.phone.height / 2);
    await inspector(page).getByRole('button', { name: 'Unpin' }).tap();
    await expect.poll(() => inspector(page).isVisible()).toBe(false);
  });

  it('copies an entry in other forms, and the number once when it is selected', async () => {
    const page = await open('', 'laptop', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByText('Copy as').click();
    await page.getByRole('button', { name: 'text for a mail' }).click();
    await page.getByText('Copied as text for a mail.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('address 0x455299000');
    const selected = await page.locator('.hex-value').evaluate((value) => {
      getSelection()?.selectAllChildren(value);
      return getSelection()?.toString();
    });
    expect(selected).toBe('0x0600000455299b77');
  });

  it('prints set bits stronger than clear ones', async () => {
    const page = await open();
    await page.emulateMedia({ media: 'print' });
    const weight = (n: number) =>
      bit(page, n)
        .locator('.bit-value')
        .evaluate((value) => {
          const { color, fontWeight } = getComputedStyle(value);
          return [color, Number(fontWeight)];
        });
    expect(await weight(58)).toEqual(['rgb(0, 0, 0)', 900]);
    expect(await weight(62)).toEqual(['rgb(102, 102, 102)', 400]);
  });

  const themes = (['light', 'dark'] as const).flatMap((scheme) =>
    (Object.keys(SIZES) as (keyof typeof SIZES)[]).map((size) => [scheme, size] as const),
  );
  // The short run asks the same of other pages in page.test.ts.
  it.each(sampled(themes.slice(0, 0), themes))(
    'gives axe nothing to complain about in %s on a %s, labels included',
    async (colorScheme, size) => {
      const page = await open('#preset=milan&spte=0xfffffc4465825&level=1', size, { colorScheme });
      await bit(page, 50).click();
      const { violations } = await new AxeBuilder({ page })
        .options({
          resultTypes: ['violations'],
          rules: { 'label-content-name-mismatch': { enabled: true } },
        })
        .analyze();
      expect(violations.map(({ id, nodes }) => ({ id, targets: nodes.map(({ target }) => target) }))).toEqual(
        [],
      );
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    },
  );
});
