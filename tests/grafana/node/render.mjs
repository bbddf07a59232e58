// Reads a file with [{file, title, width, panels, variables}] as JSON, and writes each as a picture that a browser has
// drawn. Prints of each its errors, its text, and how many charts there are and have bars or lines.
import { readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

const PAGE = new URL('page.html', import.meta.url).href;
const ARGS = ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb', '--hide-scrollbars'];
// Icons are files of Grafana's server, and not in the packages.
const ICON = /^Failed to load resource/;

async function draw(browser, input) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (line) => line.type() === 'error' && !ICON.test(line.text()) && errors.push(line.text()));
  await page.setViewport({ width: input.width, height: 1000 });
  await page.goto(PAGE);
  await page.evaluate((given) => window.draw(given), input);
  await page.waitForSelector('#page');
  const height = await page.evaluate(() => document.getElementById('page').offsetHeight);
  await page.setViewport({ width: input.width, height });
  await page.waitForNetworkIdle();
  await page.evaluate(() => new Promise((done) => setTimeout(done, 1000)));
  await page.screenshot({ path: input.file });
  const text = await page.evaluate(() => document.body.innerText);
  const charts = await page.evaluate(counted);
  await page.close();
  return { errors, text, charts };
}

// A grid and its labels are grey: a chart is drawn where it has points of another colour.
function counted() {
  const coloured = (canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.slice(at, at + 4);
      if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) {
        return true;
      }
    }
    return false;
  };
  const all = [...document.querySelectorAll('.uplot canvas')];
  return { all: all.length, drawn: all.filter(coloured).length };
}

const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ARGS });
try {
  const drawn = [];
  for (const input of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
    drawn.push(await draw(browser, input));
  }
  console.log(JSON.stringify(drawn));
} finally {
  await browser.close();
}
