// End-to-end tests of the set-up page in Chromium.
//
//   node setup.mjs BASE_URL SCREENSHOT_FOLDER
//
// BASE_URL is that of a running server, like http://127.0.0.1:8080. The server answers by Host, so
// the pages are opened at a served domain that Chromium is told to find at BASE_URL's address.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import jsQR from 'jsqr';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';

const [baseUrl, folder] = process.argv.slice(2);
if (!baseUrl || !folder) {
  console.error('usage: node setup.mjs BASE_URL SCREENSHOT_FOLDER');
  process.exit(2);
}
const base = new URL(baseUrl);
const HOST = 'autoconfig.q.com';
const ORIGIN = `${base.protocol}//${HOST}${base.port ? `:${base.port}` : ''}`;
const ADDRESS = 'jane@q.com';
const RESULT = `/setup?emailaddress=${encodeURIComponent(ADDRESS)}`;
const UNKNOWN = '/setup?emailaddress=jane@nowhere.example';
const PANELS = ['thunderbird', 'outlook', 'apple', 'android', 'other'];
const PROFILE = `${ORIGIN}/mobileconfig?emailaddress=jane%40q.com`;
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const TIMEOUT = 10_000;

await mkdir(folder, { recursive: true });
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--no-first-run',
    `--host-resolver-rules=MAP ${HOST} ${base.hostname}`,
    `--unsafely-treat-insecure-origin-as-secure=${ORIGIN}`,
  ],
});

let passed = 0;
let failed = 0;
async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    const reason = String(error?.message ?? error).replace(/\u001b\[[0-9;]*m/g, '').replace(/\s+/g, ' ').trim();
    console.log(`not ok - ${name}: ${reason}`);
  }
}

// A page in a context of its own, with all that goes wrong in it written down in `log`.
async function open(options = {}) {
  const context = await browser.newContext({
    locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options,
  });
  context.setDefaultTimeout(TIMEOUT);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: ORIGIN });
  const log = { errors: [], foreign: [], dialogs: [], requests: 0 };
  context.on('request', (request) => {
    const url = new URL(request.url());
    log.requests += 1;
    if (!['data:', 'blob:', 'about:'].includes(url.protocol) && url.origin !== ORIGIN) log.foreign.push(request.url());
  });
  context.on('console', (message) => {
    // Chromium itself writes a line for a page that comes with status 404.
    const own = message.location().url === message.page()?.url()
      && /^Failed to load resource: .* status of 404/.test(message.text());
    if (message.type() === 'error' && !own) log.errors.push(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => log.errors.push(String(error.error())));
  context.on('dialog', (dialog) => { log.dialogs.push(dialog.message()); dialog.dismiss(); });
  context.on('requestfailed', (request) => {
    log.errors.push(`${request.url()} failed: ${request.failure()?.errorText}`);
  });
  // CSP violations are told to a function of ours as well, not only to the console.
  await context.exposeBinding('cspViolation', (_, text) => { log.errors.push(`CSP violation: ${text}`); });
  await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => {
    window.cspViolation(`${event.violatedDirective} ${event.blockedURI}`);
  }));
  const page = await context.newPage();
  return { context, page, log };
}

async function inPage(options, body) {
  const opened = await open(options);
  try {
    return await body(opened.page, opened.log, opened.context);
  } finally {
    await opened.context.close();
  }
}

// What came in late is waited for.
async function clean(page, log) {
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(100);
  assert.deepEqual(log.errors, [], 'console errors: ' + log.errors.join(' | '));
  assert.deepEqual(log.dialogs, [], 'dialogs: ' + log.dialogs.join(' | '));
}

const visiblePanels = (page) => page.locator('section.panel').evaluateAll(
  (panels) => panels.filter((panel) => panel.checkVisibility()).map((panel) => panel.id));

// The tables as [{ Server: '...', Port: '...' }], without what stands on buttons.
const tables = (page) => page.locator('table').evaluateAll((all) => all
  .filter((table) => table.checkVisibility())
  .map((table) => Object.fromEntries([...table.querySelectorAll('tr:has(th[scope=row])')].map((row) => {
    const value = row.querySelector('td').cloneNode(true);
    for (const button of value.querySelectorAll('button')) button.remove();
    return [row.querySelector('th').textContent.trim(), value.textContent.trim()];
  }))));

async function noSidewaysScrolling(page) {
  const { scroll, inner } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth, inner: window.innerWidth,
  }));
  assert.ok(scroll <= inner, `scrollWidth ${scroll} > innerWidth ${inner}`);
}

async function axe(page) {
  await page.evaluate(axeSource);
  const { violations, passes } = await page.evaluate((tags) => window.axe.run(document, {
    runOnly: { type: 'tag', values: tags }, rules: { 'target-size': { enabled: true } },
  }), AXE_TAGS);
  assert.ok(passes.length > 5, `axe has looked at next to nothing: ${passes.length} rules`);
  assert.equal(violations.length, 0, violations.map((violation) => `${violation.id}: ${violation.nodes
    .map((node) => `${node.target.join(' ')} [${node.failureSummary}]`).join('; ')}`).join(' | '));
}

// (1) The form and its answer, in every combination.
for (const javaScriptEnabled of [true, false]) {
  for (const width of [320, 1280]) {
    for (const colorScheme of ['light', 'dark']) {
      const name = `${javaScriptEnabled ? 'js' : 'nojs'}-${width}-${colorScheme}`;
      const options = { javaScriptEnabled, colorScheme, viewport: { width, height: 800 } };
      const { context, page, log } = await open(options);
      await check(`${name}: the first page comes with a CSP`, async () => {
        const response = await page.goto(`${ORIGIN}/`);
        assert.equal(response.status(), 200);
        assert.match(response.headers()['content-security-policy'] ?? '', /default-src 'none'/);
      });
      await check(`${name}: no horizontal scrolling of the first page`, () => noSidewaysScrolling(page));
      await check(`${name}: first page, screenshot`, () => page.screenshot({
        path: path.join(folder, `${name}-first.png`), fullPage: true,
      }));
      await check(`${name}: the form leads to the settings`, async () => {
        await page.locator('#emailaddress').pressSequentially(ADDRESS);
        await Promise.all([page.waitForURL(/\/setup\?/), page.locator('form button').click()]);
        assert.equal(new URL(page.url()).searchParams.get('emailaddress'), ADDRESS);
        assert.match(await page.locator('h1').innerText(), /jane@q\.com/);
      });
      for (const [server, port] of [['mail.centurylink.net', '993'], ['smtp.centurylink.net', '587']]) {
        await check(`${name}: a table has ${server} ${port} ${ADDRESS}`, async () => {
          const found = await tables(page);
          assert.ok(found.some((table) => table.Server === server && table.Port === port && table['User name'] === ADDRESS),
            `not in ${JSON.stringify(found)}`);
        });
      }
      await check(`${name}: copy buttons are ${javaScriptEnabled ? 'shown' : 'not shown'}`, async () => {
        const shown = await page.locator('button[data-copy]').evaluateAll((all) => all.map((button) => button.checkVisibility()));
        assert.ok(shown.length > 0, 'there are none');
        assert.ok(shown.every((is) => is === javaScriptEnabled), JSON.stringify(shown));
      });
      await check(`${name}: no horizontal scrolling of the settings`, () => noSidewaysScrolling(page));
      await check(`${name}: settings, screenshot`, () => page.screenshot({
        path: path.join(folder, `${name}.png`), fullPage: true,
      }));
      for (const panel of PANELS) {
        await check(`${name}: no horizontal scrolling with the ${panel} panel`, async () => {
          await page.goto(`${ORIGIN}${RESULT}&program=${panel}`);
          assert.deepEqual(await visiblePanels(page), [panel]);
          await noSidewaysScrolling(page);
        });
      }
      await check(`${name}: no horizontal scrolling of the 404 page`, async () => {
        const response = await page.goto(`${ORIGIN}${UNKNOWN}`);
        assert.equal(response.status(), 404);
        await noSidewaysScrolling(page);
      });
      await check(`${name}: 404 page, screenshot`, () => page.screenshot({
        path: path.join(folder, `${name}-404.png`), fullPage: true,
      }));
      await check(`${name}: no console error and no CSP violation`, () => clean(page, log));
      await check(`${name}: no request to another origin`, () => {
        assert.ok(log.requests > 0);
        assert.deepEqual(log.foreign, []);
      });
      await context.close();

      if (!javaScriptEnabled) continue;
      await inPage({ ...options, bypassCSP: true }, async (axePage) => {
        for (const [what, where] of [['first page', '/'], ['404 page', UNKNOWN], ['settings', RESULT],
          ...PANELS.slice(1).map((panel) => [`settings, ${panel} panel`, `${RESULT}&program=${panel}`])]) {
          await check(`${name}: axe, ${what}`, async () => {
            await axePage.goto(`${ORIGIN}${where}`);
            await axePage.locator('details').evaluateAll((all) => all.forEach((details) => { details.open = true; }));
            await axe(axePage);
          });
        }
        await check(`${name}: axe, settings with the status line shown`, async () => {
          await axePage.goto(`${ORIGIN}${RESULT}`);
          await axePage.locator('button[data-copy]').first().click();
          await axePage.locator('[role=status]:not(:empty)').waitFor();
          await axe(axePage);
        });
      });
    }
  }
}

// That the watching works: without these two, silence would prove nothing.
await inPage({}, async (page, log) => {
  await check('control: the CSP stops an inline script, and it is noticed', async () => {
    await page.goto(`${ORIGIN}/`);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.hacked = 1';
      document.body.append(script);
    });
    await page.waitForTimeout(200);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.ok(log.errors.some((error) => /^CSP violation: script-src/.test(error)), log.errors.join(' | '));
    assert.ok(log.errors.some((error) => !/^CSP violation/.test(error)), 'nothing on the console');
  });
});

// (2) Copying.
await inPage({}, async (page, log) => {
  await page.goto(`${ORIGIN}${RESULT}`);
  const buttons = page.locator('button[data-copy]');
  await check('copy: every button puts its value on the clipboard, and the status line says so', async () => {
    const count = await buttons.count();
    assert.ok(count >= 6, `${count} buttons`);
    for (let i = 0; i < count; i += 1) {
      const button = buttons.nth(i);
      const [label, value] = await button.evaluate((element) => {
        const row = element.closest('tr');
        const cell = row.querySelector('td').cloneNode(true);
        cell.querySelector('button').remove();
        return [row.querySelector('th').textContent.trim(), cell.textContent.trim()];
      });
      await page.evaluate(() => navigator.clipboard.writeText('nothing yet'));
      await button.click();
      await page.waitForFunction((text) => document.querySelector('[role=status]').textContent === text, `${label} copied`);
      assert.ok(await page.locator('[role=status]').isVisible(), 'the status line is not visible');
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), value);
    }
  });
  await check('copy: by keyboard', async () => {
    await buttons.nth(1).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(async () => await navigator.clipboard.readText() === '993');
  });
  await check('copy: the status line stays for its time when a second value is copied', async () => {
    await page.goto(`${ORIGIN}${RESULT}`);
    await buttons.nth(0).click();
    await page.waitForTimeout(3000);
    await buttons.nth(1).click();
    await page.waitForTimeout(1800);
    assert.match(await page.locator('[role=status]').textContent(), /copied$/, 'cleared by the timer of the first one');
  });
  await check('copy: the accessible names say what is copied', async () => {
    for (let i = 0; i < await buttons.count(); i += 1) {
      const row = await buttons.nth(i).evaluate((element) => element.closest('tr').querySelector('th').textContent.trim());
      const snapshot = await buttons.nth(i).ariaSnapshot();
      const name = /^- button "(.*?)"/.exec(snapshot)?.[1] ?? '';
      assert.ok(/copy/i.test(name) && name.includes(row), `button ${i} in the row ${row} is named "${name}"`);
    }
  });
  await check('copy: no console error', () => clean(page, log));
});

// (3) Tabs.
for (const javaScriptEnabled of [true, false]) {
  const mode = javaScriptEnabled ? 'js' : 'nojs';
  await inPage({ javaScriptEnabled }, async (page, log) => {
    for (const panel of ['apple', 'outlook', 'android', 'other', 'thunderbird']) {
      await check(`tabs, ${mode}: ${panel} shows its panel alone`, async () => {
        if (panel === 'apple') await page.goto(`${ORIGIN}${RESULT}`);
        const before = panel === 'apple' ? 'thunderbird' : undefined;
        if (before) assert.deepEqual(await visiblePanels(page), [before]);
        await page.locator(`nav[data-tabs] a[data-panel=${panel}]`).click();
        await page.locator(`section.panel#${panel}`).waitFor({ state: 'visible' });
        assert.deepEqual(await visiblePanels(page), [panel]);
        assert.deepEqual(await page.locator('nav[data-tabs] a[aria-current]').evaluateAll(
          (all) => all.map((tab) => tab.dataset.panel)), [panel]);
        assert.equal(new URL(page.url()).searchParams.get('program'), panel);
        assert.equal(new URL(page.url()).searchParams.get('emailaddress'), ADDRESS);
      });
    }
    await check(`tabs, ${mode}: Tab reaches every link, with a visible focus ring`, async () => {
      await page.goto(`${ORIGIN}${RESULT}`);
      const reached = new Set();
      for (let i = 0; i < 40 && reached.size < PANELS.length; i += 1) {
        await page.keyboard.press('Tab');
        const focus = await page.evaluate(() => {
          const element = document.activeElement;
          const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
          return { panel: element.dataset.panel, outlineStyle, outlineWidth, outlineColor };
        });
        if (!focus.panel) continue;
        reached.add(focus.panel);
        assert.ok(focus.outlineStyle !== 'none' && parseFloat(focus.outlineWidth) >= 1
          && !/, 0\)$|transparent/.test(focus.outlineColor), JSON.stringify(focus));
      }
      assert.deepEqual([...reached], PANELS);
    });
    await check(`tabs, ${mode}: Enter on a link shows its panel`, async () => {
      await page.locator('nav[data-tabs] a[data-panel=apple]').focus();
      await page.keyboard.press('Enter');
      await page.locator('section.panel#apple').waitFor({ state: 'visible' });
      assert.deepEqual(await visiblePanels(page), ['apple']);
    });
    await check(`tabs, ${mode}: Ctrl+click opens a new browser tab, as on any link`, async () => {
      await page.goto(`${ORIGIN}${RESULT}`);
      const [other] = await Promise.all([
        page.context().waitForEvent('page', { timeout: 3000 }),
        page.locator('nav[data-tabs] a[data-panel=outlook]').click({ modifiers: ['Control'] }),
      ]);
      await other.close();
      assert.deepEqual(await visiblePanels(page), ['thunderbird']);
    });
    await check(`tabs, ${mode}: no console error`, () => clean(page, log));
  });
}

// (4) Languages.
await inPage({}, async (page, log) => {
  const german = async () => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    assert.match(await page.locator('h1').innerText(), /^E-Mail-Einstellungen für jane@q\.com$/);
    assert.equal(new URL(page.url()).searchParams.get('emailaddress'), ADDRESS);
  };
  await check('language: Deutsch leads to the German page, the address stays', async () => {
    await page.goto(`${ORIGIN}${RESULT}`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await Promise.all([page.waitForURL(/lang=de/), page.locator('nav a[hreflang=de]').click()]);
    await german();
  });
  await check('language: German stays on "Another address" and through the form', async () => {
    await page.locator('main a[href^="/?"]').click();
    await page.locator('#emailaddress').fill(ADDRESS);
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await Promise.all([page.waitForURL(/\/setup\?/), page.locator('form button').click()]);
    await german();
  });
  await check('language: the chosen program stays', async () => {
    await page.goto(`${ORIGIN}${RESULT}`);
    await page.locator('nav[data-tabs] a[data-panel=apple]').click();
    await Promise.all([page.waitForURL(/lang=de/), page.locator('nav a[hreflang=de]').click()]);
    assert.deepEqual(await visiblePanels(page), ['apple']);
  });
  await check('language: no console error', () => clean(page, log));
});
await inPage({ locale: 'fr' }, async (page, log) => {
  await check('language: Accept-Language fr gives the French page', async () => {
    await page.goto(`${ORIGIN}${RESULT}`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
    assert.match(await page.locator('h1').innerText(), /jane@q\.com/);
    assert.doesNotMatch(await page.locator('h1').innerText(), /Mail settings/);
    assert.equal(await page.locator('nav a[aria-current][hreflang]').getAttribute('hreflang'), 'fr');
    await clean(page, log);
  });
});
for (const lang of ['de', 'es', 'fr']) {
  await inPage({ viewport: { width: 320, height: 800 } }, async (page) => {
    await check(`language: no horizontal scrolling at 320 px in ${lang}`, async () => {
      for (const panel of PANELS) {
        await page.goto(`${ORIGIN}${RESULT}&lang=${lang}&program=${panel}`);
        await noSidewaysScrolling(page);
      }
    });
  });
}

// (5) The QR image.
for (const colorScheme of ['light', 'dark']) {
  for (const width of [320, 1280]) {
    await inPage({ colorScheme, viewport: { width, height: 800 } }, async (page, log) => {
      await check(`qr, ${colorScheme}, ${width}: leads to the profile`, async () => {
        await page.goto(`${ORIGIN}${RESULT}&program=apple`);
        const image = page.locator('section#apple img.qr');
        await image.scrollIntoViewIfNeeded();
        await image.evaluate((element) => element.decode());
        const png = PNG.sync.read(await image.screenshot());
        const code = jsQR(new Uint8ClampedArray(png.data), png.width, png.height);
        assert.ok(code, 'not readable');
        assert.equal(code.data, PROFILE);
        const link = await page.locator('section#apple a.button').evaluate((link) => link.href);
        assert.equal(link, PROFILE, 'the link differs');
        await clean(page, log);
      });
    });
  }
}

// (6) Hostile input.
const hostile = [
  ['emailaddress', '"><script>window.hacked=1</script>@q.com'],
  ['emailaddress', 'javascript:alert(1)@q.com'],
  ['lang', '"><img src=x onerror=window.hacked=1>'],
];
for (const [key, value] of hostile) {
  for (const where of ['/setup', '/']) {
    await inPage({}, async (page, log) => {
      await check(`hostile: ${where} with ${key}=${value}`, async () => {
        const query = new URLSearchParams({ emailaddress: ADDRESS, [key]: value });
        await page.goto(`${ORIGIN}${where}?${query}`);
        for (const tab of await page.locator('nav[data-tabs] a').all()) await tab.click();
        await clean(page, log);
        assert.equal(await page.evaluate(() => window.hacked), undefined);
        assert.equal(await page.locator('script:not([src]), img:not(.qr), a[href^="javascript:"]').count(), 0);
        assert.deepEqual(log.foreign, []);
      });
    });
  }
}

// (7) Reduced motion and paper.
await inPage({ reducedMotion: 'reduce' }, async (page) => {
  await check('reduced motion: no smooth scrolling', async () => {
    await page.goto(`${ORIGIN}${RESULT}`);
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), 'auto');
  });
});
await inPage({}, async (page) => {
  for (const [what, where] of [['first page', '/'], ['settings', `${RESULT}&program=apple`]]) {
    for (const selector of ['form', 'button', '.button', 'nav']) {
      await check(`print, ${what}: no ${selector}`, async () => {
        await page.emulateMedia({ media: 'screen' });
        await page.goto(`${ORIGIN}${where}`);
        await page.emulateMedia({ media: 'print' });
        const shown = await page.locator(selector).evaluateAll((all) => all
          .filter((element) => element.checkVisibility()).map((element) => element.outerHTML.slice(0, 120)));
        assert.deepEqual(shown, [], 'displayed: ' + shown.join(' '));
      });
    }
  }
  await check('print, settings: the tables are there', async () => {
    assert.ok((await tables(page)).some((table) => table.Server === 'mail.centurylink.net'));
  });
});

// (8) Details.
for (const javaScriptEnabled of [true, false]) {
  await inPage({ javaScriptEnabled }, async (page) => {
    await check(`details, ${javaScriptEnabled ? 'js' : 'nojs'}: Enter on every summary opens it`, async () => {
      await page.goto(`${ORIGIN}${RESULT}`);
      const all = await page.locator('details').all();
      assert.ok(all.length > 0, 'there are none');
      for (const details of all) {
        assert.equal(await details.evaluate((element) => element.open), false);
        await details.locator('summary').focus();
        await page.keyboard.press('Enter');
        assert.equal(await details.evaluate((element) => element.open), true);
        assert.ok(await details.locator('p').first().isVisible());
      }
    });
  });
}

await browser.close();
console.log(`# ${passed + failed} checks: ${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
