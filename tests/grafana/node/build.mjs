// Puts Grafana's packages and our programs together: build/transform-*.cjs for Node, build/page.js for a browser.
import { build } from 'esbuild';

const define = { GRAFANA: '12', 'process.env.NODE_ENV': '"production"', global: 'globalThis' };
const browser = { navigator: '{"languages": ["en-US"], "language": "en-US"}', window: '{}' };
const node = { ...define, ...browser };
const shared = { bundle: true, logLevel: 'error' };
const transform = { ...shared, entryPoints: ['transform.ts'], platform: 'node' };
await build({ ...transform, define: node, outfile: 'build/transform-12.cjs' });
await build({
  ...transform,
  define: { ...node, GRAFANA: '13' },
  alias: { '@grafana/data': 'grafana-data-13' },
  outfile: 'build/transform-13.cjs',
});
await build({
  ...shared,
  define,
  entryPoints: ['page.tsx'],
  platform: 'browser',
  outfile: 'build/page.js',
  loader: { '.svg': 'text', '.woff2': 'dataurl', '.ttf': 'dataurl' },
});
