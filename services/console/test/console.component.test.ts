/** The page in a real browser before real services. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { eventually } from '@roofshot/testing/eventually';
import { parseAllDocuments } from 'yaml';
import { findChromium } from '../../../scripts/testing/chromium.ts';
import { LoopLab, troubles } from './loop-lab.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/flights', import.meta.url));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = findChromium(process.env);
const reason = process.env['CHROMIUM_MISSING'] ?? 'there is no Chromium here';
const inBrowser = executablePath === undefined ? describe.skip : describe;

inBrowser(executablePath === undefined ? `the console (not run: ${reason})` : 'the console', () => {
  let lab: LoopLab;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    lab = await LoopLab.open();
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: FLAGS });
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await lab?.close();
  }, 60_000);

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    faults.splice(0);
    page.on('pageerror', ({ message }) => void faults.push(message));
    await page.goto(lab.url);
    await page.getByRole('status').getByText('all 4 services ready').waitFor();
  });
  afterEach(async () => {
    await page.close();
    expect(faults).toEqual([]);
  });

  const stage = (service: string): Locator => page.locator(`[data-service="${service}"]`);
  const shows = (locator: Locator, text: string | RegExp): Promise<void> =>
    eventually(async () => expect(await locator.innerText()).toMatch(text), {
      deadlineMs: 20_000,
      describe: `the page to show ${String(text)}`,
    });

  async function declareFlights(): Promise<void> {
    for (const document of parseAllDocuments(readFileSync(join(EXAMPLES, 'events.yaml'), 'utf8'))) {
      const resource = document.toJS() as { metadata: { name: string } };
      const body = JSON.stringify(resource);
      const headers = { 'content-type': 'application/json' };
      const { status } = await fetch(`${lab.url}/v1/event-types/${resource.metadata.name}`, { method: 'PUT', headers, body });
      expect(status).toBeLessThan(300);
    }
  }

  /** The event that the page tells a newcomer to send. */
  async function suggestedEvent(): Promise<Record<string, unknown>> {
    const command = await page.locator('.first-run code').nth(1).innerText();
    const [, json = ''] = /-d '(.*)'$/.exec(command) ?? [];
    return JSON.parse(json) as Record<string, unknown>;
  }

  async function send(event: Record<string, unknown>): Promise<string> {
    const headers = { 'content-type': 'application/cloudevents+json', 'x-correlation-id': 'from-the-test' };
    const response = await fetch(`${lab.url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(event) });
    return response.text();
  }

  let flight: Record<string, unknown> = {};

  test('a newcomer is told what to do; the told event is accepted, and everything moves', async () => {
    await page.getByRole('heading', { name: 'No events since the platform started' }).waitFor();
    await page.getByText('npx roofshot apply -f examples/flights').waitFor();
    await declareFlights();
    await shows(page.getByRole('region', { name: 'Last messages, newest first' }), 'event-type.changed');
    flight = await suggestedEvent();
    expect(await send(flight)).toContain('accepted');
    expect(await send(flight)).toContain('duplicate');
    for (let number = 1; number < 50; number++) await send({ ...flight, id: `flight-${number}` });
    await shows(stage('ingestion'), /accepted\s+50\b/);
    await shows(stage('ingestion'), /duplicate\s+1\b/);
    await shows(stage('ingestion'), /median time\s+[\d.]+\sms/);
    await shows(stage('ingestion').locator('.flow b'), /^[1-9]/);
    await shows(page.getByRole('row', { name: 'flight.departed' }), 'ATL');
    await page.getByRole('heading', { name: 'No events since' }).waitFor({ state: 'detached' });
    await shows(stage('ingestion').locator('.flow b'), /^0$/); // nothing more comes
  });

  test('a decision is shown with who and why, and again to who comes later', async () => {
    await fetch(`${lab.url}/v1/promotions`, { method: 'POST', headers: { 'x-correlation-id': 'c-promote' } });
    const decisions = page.getByRole('region', { name: 'Decisions, newest first' });
    await shows(decisions, 'flight-delay version 2 became champion, replacing version 1');
    await shows(decisions, 'by experiments: effect −0.17 [−0.20, −0.15]');
    await shows(decisions, 'correlation id c-promote');
    await page.reload();
    await shows(decisions, 'flight-delay version 2 became champion');
    expect(await decisions.getByRole('listitem').count()).toBe(1);
  });

  test('an experiment shows how far it is, its effect with interval and method, and since when it is significant', async () => {
    const experiment = page.getByRole('region', { name: 'Experiment streaming-features running' });
    await shows(experiment, '3 days 12 h of 7 days');
    await shows(experiment, 'outcomes are in until 18 Jan 2001 12:00');
    await shows(experiment, /−0.19 \[−0.222, −0.158\]/);
    await shows(experiment, "Welch's t, 95 % two-sided");
    await shows(experiment, 'significant since 15 Jan 2001 04:00');
    await shows(experiment, 'none yet: its rule asks for the whole length');
    expect(await experiment.getByRole('progressbar').getAttribute('value')).toBe('0.5');
    await shows(stage('experiments'), /effect\s+−0.19\s+interval\s+\[−0.222, −0.158\]/);
    await shows(page.locator('header'), 'event time 18 Jan 2001 12:05 UTC');
  });

  test('a refused event is shown with its reason, its place and how many there were', async () => {
    await declareFlights();
    const data = { ...(flight['data'] as object), distance: 'far' };
    await send({ ...flight, id: 'refused-1', data });
    await send({ ...flight, id: 'refused-2', data });
    const refusals = page.getByRole('region', { name: '2 events not accepted' });
    await shows(refusals, /2\s+schema/);
    await shows(refusals, /flight.departed \/data\/distance: .*must be integer/);
    await shows(stage('ingestion'), /quarantined\s+2\b/);
    expect(await page.locator('.decision', { hasText: 'quarantined' }).count()).toBe(0);
  });

  test('a list that is longer than its place says that there is more, and when its end is reached', async () => {
    for (let number = 0; number < 12; number++) await fetch(`${lab.url}/v1/promotions`, { method: 'POST' });
    const decisions = page.locator('.decisions');
    await shows(decisions, 'scroll for more decisions');
    await decisions.getByRole('listitem').last().scrollIntoViewIfNeeded();
    await shows(decisions, 'that is all');
    expect(await decisions.getByRole('listitem').count()).toBeGreaterThan(12);
  });

  test('a killed service is named with the reason, the others go on, and its return is noticed', async () => {
    await lab.killIngestion();
    await shows(stage('ingestion'), /no answer\s+It does not answer/);
    await shows(page.getByRole('status'), 'Live, waiting for ingestion');
    await shows(stage('registry'), 'ready');
    await lab.startIngestion();
    await shows(page.getByRole('status'), 'all 4 services ready');
    expect(await send({ ...flight, id: 'after-the-restart' })).toContain('accepted');
    await shows(stage('ingestion'), /accepted\s+1\b/);
  });

  test('what troubles a service that is ready is told, until it is over', async () => {
    troubles.push('Kafka at broker:9092 does not answer: it was stopped. Start it.');
    await shows(stage('registry'), /ready, troubled\s+Kafka at broker:9092 does not answer: it was stopped\. Start it\./);
    troubles.pop();
    await eventually(async () => expect(await stage('registry').innerText()).not.toContain('troubled'));
  });

  test('a lost connection is told and heals by itself, without telling anything twice', async () => {
    const known = await page.locator('.decision').count();
    await lab.stopGateway();
    await shows(page.getByRole('status'), /^Connection lost at \d\d:\d\d:\d\d\. Trying again$/);
    await shows(stage('registry'), 'last known');
    await lab.startGateway();
    await shows(page.getByRole('status'), 'Live, all 4 services ready');
    expect(await page.locator('.decision').count()).toBe(known);
  });

  test('everything can be reached by the keyboard, in both themes', async () => {
    const paper = (): Promise<string> =>
      page.locator('body').evaluate((body) => body.ownerDocument.defaultView?.getComputedStyle(body).backgroundColor ?? '');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Theme: auto');
    await page.keyboard.press('Enter');
    const light = await paper();
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').innerText()).toBe('Theme: dark');
    expect(await paper()).not.toBe(light);
    const reached: string[] = [];
    for (let press = 0; press < 8; press++) {
      await page.keyboard.press('Tab');
      const label = page.locator(':focus');
      if ((await label.count()) > 0) reached.push((await label.getAttribute('aria-label')) ?? (await label.innerText()));
    }
    expect(reached).toEqual(expect.arrayContaining(['Decisions, newest first', 'Hold', 'Last messages, newest first']));
  });

  test('held messages stand still until they may go on', async () => {
    const rows = page.getByRole('region', { name: 'Last messages, newest first' });
    await shows(rows, 'flight.departed');
    await page.getByRole('button', { name: 'Hold' }).click();
    const held = await rows.innerText();
    await send({ ...flight, id: 'while-held', subject: 'ORD' });
    await shows(stage('ingestion'), /accepted\s+2\b/);
    expect(await rows.innerText()).toBe(held);
    await page.getByRole('button', { name: 'Go on' }).click();
    await shows(rows, 'ORD');
  });

  test.each([375, 768, 1440])('fits a window of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    const needed = await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth);
    expect(needed).toBeLessThanOrEqual(width);
    const cut = await page
      .locator('.flow b, .main-figure b, dd')
      .evaluateAll((numbers) => numbers.filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).length);
    expect(cut).toBe(0);
  });
});
