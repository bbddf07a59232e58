// Puts Grafana's packages and our programs together: build/transform.cjs for Node, build/page.js for a browser.
import { build } from 'esbuild';

const define = { 'process.env.NODE_ENV': '"production"', global: 'globalThis' };
const browser = { navigator: '{"languages": ["en-US"], "language": "en-US"}', window: '{}' };
const node = { ...define, ...browser };
const shared = { bundle: true, logLevel: 'error' };
await build({ ...shared, define: node, entryPoints: ['transform.ts'], platform: 'node', outfile: 'build/transform.cjs' });
await build({
  ...shared,
  define,
  entryPoints: ['page.tsx'],
  platform: 'browser',
  outfile: 'build/page.js',
  loader: { '.svg': 'text', '.woff2': 'dataurl', '.ttf': 'dataurl' },
});
