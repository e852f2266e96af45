import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defaultServerConditions, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const backend = process.env['API_URL'] ?? 'http://127.0.0.1:5003';

/** Writes `.br` and `.gz` beside each text asset, so that the server compresses nothing while it serves. */
function precompress(): Plugin {
  let outDir = '';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir;
    },
    async closeBundle() {
      const names = await readdir(outDir, { recursive: true });
      const texts = names.filter((name) => /\.(js|css|svg)$/.test(name));
      await Promise.all(texts.map((name) => compress(join(outDir, name))));
    },
  };
}

async function compress(path: string) {
  const bytes = await readFile(path);
  await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes));
  await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}

export default defineConfig({
  plugins: [react(), tailwindcss(), precompress()],
  // The package's sources as they are (see its exports): nothing has to be built before the app starts.
  resolve: { conditions: ['tokenkeep-source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['tokenkeep-source', ...defaultServerConditions] } }, // tests that run in Node
  server: {
    port: 3003,
    strictPort: true,
    proxy: { '/api': backend, '/.well-known': backend },
  },
  build: {
    // The policy allows neither inline scripts nor data: URLs in styles.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  test: {
    environment: 'happy-dom',
    restoreMocks: true,
    unstubGlobals: true,
    testTimeout: 30_000, // a busy machine lets tests wait
    coverage: {
      include: ['tokenkeep/src/**'],
      reporter: ['text'],
      thresholds: { branches: 99 },
    },
  },
});
