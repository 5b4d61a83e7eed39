// SPDX-License-Identifier: GPL-2.0-only
import { AxeBuilder } from '@axe-core/playwright';
import { sampled } from '@spte/testing/sampled';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skipReason } from './browser.ts';
import { openSite, type Site, type Visit } from './site.ts';

const PHONE = { width: 360, height: 780 };
const DESK = { width: 1440, height: 900 };

describe('the playground in a browser', () => {
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

  /** Opens the page with a hash; nothing that it does there may be amiss. */
  async function open(hash = '', options: Parameters<Site['visit']>[1] = { viewport: DESK }): Promise<Page> {
    if (site === undefined) throw new Error('the page is not served');
    current = await site.visit(hash, options);
    return current.page;
  }

  const spteField = (page: Page) => page.getByLabel('SPTE (hex)', { exact: true });

  /** The value of a mask in the registry. */
  const maskValue = (page: Page, name: string) =>
    page.locator(`[data-mask="${name}"] .mask-value`).textContent();

  it('opens on a real entry and says what each of its bits is', async () => {
    const page = await open();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('SPTE playground');
    expect(await spteField(page).inputValue()).toBe('0x600000455299b77');
    await page.getByRole('heading', { name: 'Leaf: maps the 4K page at 0x455299000' }).waitFor();
    expect(await page.locator('[data-bit]').count()).toBe(64);
    expect(await page.getByRole('row', { name: 'hostWritable' }).textContent()).toContain(
      'writable in the host',
    );
    expect(await page.getByRole('link', { name: 'Mathias Krause' }).getAttribute('href')).toContain('lore');
  });

  it('does not take what is typed over an example to be at its level', async () => {
    const page = await open();
    await spteField(page).fill('0x2c583e907');
    await page.getByRole('heading', { name: 'Clean table: points to the table at 0x2c583e000' }).waitFor();
    await page.getByLabel('Level', { exact: true }).selectOption('1');
    await page.getByRole('heading', { name: 'but it may be a clean table at level 2, 3 or 4' }).waitFor();
    await spteField(page).fill('0x2c583f907');
    expect(await page.getByLabel('Level', { exact: true }).inputValue()).toBe('1');
  });

  it('loads another real entry with one click, and comes back from it', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'MMIO under L1TF' }).click();
    await page.getByRole('heading', { name: 'gpa 0xfe00d000' }).waitFor();
    expect(await page.getByLabel('Kernel').inputValue()).toBe('5.10.0-rc6');
    await page.goBack();
    await page.getByRole('heading', { name: 'Leaf: maps the 4K page' }).waitFor();
  });

  it('shows other masks for another preset', async () => {
    const page = await open('#view=masks');
    expect(await maskValue(page, 'meValue')).toBe('0x0');
    await page.getByLabel('Preset').selectOption({ label: 'AMD EPYC Milan, SME' });
    await expect.poll(() => maskValue(page, 'meValue')).toBe('0x8000000000000');
    expect(await page.locator('[data-mask="meValue"]').textContent()).toContain('kvm_mmu_set_me_spte_mask');
    await page.getByLabel('C-bit').fill('47');
    await expect.poll(() => maskValue(page, 'meValue')).toBe('0x800000000000');
  });

  it('builds an SPTE and shows its 64 bits and why each is set', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Build an entry' }).click();
    await page.getByLabel('pfn (hex)').fill('0x1234');
    await page.getByLabel('execute', { exact: true }).uncheck();
    await expect.poll(() => page.locator('.hex-value').textContent()).toBe('0x0600000001234b73');
    expect(await page.locator('[data-bit]').count()).toBe(64);
    expect(await page.getByRole('row', { name: 'hostWritable' }).textContent()).toContain(
      'the host maps the page writable',
    );
    await page.getByLabel('Level', { exact: true }).selectOption('2');
    expect(await page.getByLabel('pfn (hex)').inputValue()).toBe('0x1200');
    await page.getByLabel('execute', { exact: true }).check();
    expect(await page.locator('[data-refused="execute"]').textContent()).toContain('nx_huge_pages');
    await page.getByLabel('Level', { exact: true }).selectOption('1');
    await page.getByLabel('pfn (hex)').fill('0x1234');
    await page.getByLabel('execute', { exact: true }).uncheck();
    await page.getByRole('link', { name: 'Read this entry' }).click();
    expect(await spteField(page).inputValue()).toBe('0x600000001234b73');
  });

  it('lights up the row of a bit and the bits of a row', async () => {
    const page = await open('#view=build');
    await page.locator('[data-bit="5"]').hover();
    expect(await page.locator('tr.is-lit').textContent()).toContain('memory type');
    await expect.poll(() => page.locator('.bit.is-lit').count()).toBe(3);
    await page.getByRole('button', { name: 'hostWritable HW' }).hover();
    await expect.poll(() => page.locator('.bit.is-lit').count()).toBe(1);
    expect(await page.locator('.bit.is-lit').getAttribute('data-bit')).toBe('57');
  });

  it('is walked with the arrow keys, bit by bit and row by row', async () => {
    const page = await open();
    await page.locator('[data-bit="63"]').focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    expect(await page.locator('[data-bit]:focus').getAttribute('data-bit')).toBe('30');
    await page.getByRole('heading', { name: 'Bit 30 is set · address' }).waitFor();
    await page.keyboard.press('End');
    await expect.poll(() => page.locator('[data-bit][tabindex="0"]').getAttribute('data-bit')).toBe('0');
  });

  it('explains a change when it is told what the entry becomes', async () => {
    const page = await open();
    await page.getByLabel('Becomes').fill('0x5a0');
    await page.getByRole('heading', { name: 'the entry was frozen' }).waitFor();
    expect(await page.locator('.fact', { hasText: 'TLB flush' }).textContent()).toContain('due');
    expect(await page.locator('.fact', { hasText: 'lost' }).textContent()).toContain('accessed, dirty');
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('becomes=0x5a0');
    await page.getByRole('link', { name: 'Read the new value' }).click();
    await page.getByRole('heading', { name: 'Clean frozen entry: a CPU is changing it' }).waitFor();
    expect(await page.getByLabel('Becomes').inputValue()).toBe('');
  });

  it('tells why an entry is taken for what it is', async () => {
    const page = await open();
    await page.getByText('Why this kind: leaf').click();
    expect(await page.getByText('MMU-present, bit 11, is set').isVisible()).toBe(true);
  });

  it('names runs of bits, and not each of many', async () => {
    const page = await open('#preset=milan&spte=0xf000000000000021&level=1');
    expect(await page.locator('.finding-error', { hasText: 'not-an-spte' }).textContent()).toContain(
      'bits 63:60, 5, 0',
    );
  });

  it('compares the machine with itself under another kernel, and with another machine', async () => {
    const page = await open('#view=read&kernel=6.1');
    await page.getByRole('link', { name: 'Compare' }).click();
    const differing = (side: string) =>
      page
        .locator(`section[data-side="${side}"] .is-different`)
        .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-bit')));
    expect(await differing('A')).toEqual(['63', '58', '57', '55', '53', '10']);
    expect(await differing('B')).toEqual(await differing('A'));
    expect(await page.locator('[data-difference="frozen"]').textContent()).toContain('0x80000000000001a0');
    await page.getByText('both machines reserve the same bits').waitFor();

    const other = page.getByRole('region', { name: 'Machine B' });
    await other.getByLabel('Kernel').fill('6.1');
    await page.getByText('both machines make the same SPTE').waitFor();
    await page.getByText('both machines choose the same masks').waitFor();
    await page.getByText('both kernels have the same layout').waitFor();

    await other.getByLabel('Preset').selectOption({ label: 'AMD EPYC Milan, SME' });
    await page.locator('[data-difference="meValue"]').waitFor();
    await page.getByText('Request: a leaf').click();
    await page.getByLabel('Make').selectOption('mmio');
    await page.getByRole('heading', { name: 'make_mmio_spte() on both' }).waitFor();
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('b.preset=milan-sme');
    await page.reload();
    await page.locator('[data-difference="meValue"]').waitFor();
  });

  it('keeps the entry in hand from reading to comparing, and opens only the bits that differ', async () => {
    const page = await open('#spte=0x600000455299b77&level=1');
    await page.getByRole('link', { name: 'Compare' }).click();
    await page.getByRole('heading', { name: 'The entry in hand, 0x600000455299b77, level 1' }).waitFor();
    const table = page.getByRole('region', { name: 'The entry in each context' });
    expect(await table.getByRole('columnheader').allTextContents()).toEqual([
      'Bits',
      'A vmx, Linux 6.8',
      'B vmx, Linux 7.2',
      'Linux 5.4 to 5.12',
      'Linux 6.10 to 7.1',
    ]);
    expect(await table.locator('[data-bits="58"]').textContent()).toContain('mmuWritable');
    await table.getByText('bits say the same in every context').click();
    expect(await table.getByText('0x455299000', { exact: true }).isVisible()).toBe(true);
  });

  it('teaches: a tour is links to states of the page, its question is checked', async () => {
    const page = await open('#view=learn');
    expect(await page.locator('[data-bit]').count()).toBe(64);
    const tour = page.getByRole('region', { name: 'NX huge pages and splitting' });
    await tour.getByLabel('Bit').fill('3');
    await tour.getByText('Not yet').waitFor();
    await tour.getByLabel('Bit').fill('2');
    await tour.getByText('✓ Right. Clean leaf').waitFor();
    await tour.getByRole('link', { name: 'Build it' }).first().click();
    await page.locator('[data-refused="execute"]').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'What is an SPTE?' }).waitFor();
  });

  it('names the machine that cannot be compared', async () => {
    const page = await open('#view=compare&b.physBits=99');
    await page.getByText('No such machine: B').waitFor();
    await page.getByRole('button', { name: 'Undo the changes' }).click();
    await page.getByRole('heading', { name: 'make_spte() on both' }).waitFor();
    expect(await page.getByText('No such machine').count()).toBe(0);
  });

  it('has the entry first on a phone, the machine a tap away', async () => {
    const page = await open('', { viewport: PHONE });
    expect(await page.getByLabel('Preset').isVisible()).toBe(false);
    const top = await page.locator('.hex-value').evaluate((value) => value.getBoundingClientRect().top);
    expect(top).toBeLessThan(PHONE.height);
    await page.getByText('Intel Cascade Lake, Linux 6.8').click();
    await page.getByLabel('Preset').selectOption({ label: 'AMD EPYC Milan' });
    await page.getByText('AMD EPYC Milan, Linux 6.8').waitFor();
    expect(await page.getByLabel('Kernel').isVisible()).toBe(true);
  });

  it('says beside the field what is wrong and keeps what was typed', async () => {
    const page = await open();
    const field = spteField(page);
    await field.fill('0x6000zz');
    await page.getByText('not hex').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Usable physical bits').fill('99');
    await page.getByText('No such machine').waitFor();
    expect(await field.inputValue()).toBe('0x6000zz');
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/(?=.*spte=0x6000zz).*=99\b/);
    await page.reload();
    expect(await spteField(page).inputValue()).toBe('0x6000zz');
    expect(await page.getByLabel('Usable physical bits').inputValue()).toBe('99');
  });

  // Every kind of page in one of these; all pages, in all of them, in the long run.
  describe.each([
    ['light', DESK, ['a built entry']],
    ['dark', DESK, ['a change']],
    ['light', PHONE, ['an error', 'a comparison', 'the masks']],
  ] as const)('in %s at %o', (colorScheme, viewport, some: readonly string[]) => {
    const pages: [name: string, hash: string][] = [
      ['the opening', ''],
      ['an illegal entry', '#preset=milan&spte=0xfffffc4465825&level=1'],
      ['an error', '#spte=zz&physBits=99'],
      ['a built entry', '#view=build'],
      ['a change', '#spte=0x600000455299b77&level=1&becomes=0x600000455298b77'],
      ['a comparison', '#view=compare&kernel=6.1'],
      ['no difference', '#view=compare&kernel=6.1&b.kernel=6.1'],
      ['two vendors', '#view=compare&b.preset=milan-sme&make=mmio'],
      ['the masks', '#view=masks&preset=haswell&l1tf=0'],
      ['learning', '#view=learn'],
    ];
    it.each(
      sampled(
        pages.filter(([name]) => some.includes(name)),
        pages,
      ),
    )('gives axe nothing to complain about: %s', async (_name, hash) => {
      const page = await open(hash, { colorScheme, viewport });
      // What is folded away has to be fine as well.
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      const { violations } = await new AxeBuilder({ page })
        // Where all is well it need not say where. The other call adds to this.
        .options({
          resultTypes: ['violations'],
          rules: { 'label-content-name-mismatch': { enabled: true } },
        })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      const found = violations.map(({ id, nodes }) => ({ id, targets: nodes.map((node) => node.target) }));
      expect(found).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    });
  });
});
