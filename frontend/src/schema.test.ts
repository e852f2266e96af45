// @vitest-environment node

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

// The generator is a process of its own, and a busy machine lets it wait.
vi.setConfig({ testTimeout: 60_000 });

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));

test.each([
  ['of the app', './openapi.json', './schema.d.ts'],
  ['of the package', '../tokenkeep/openapi.json', '../tokenkeep/src/schema.d.ts'],
])('the types %s are those of its OpenAPI document; if not: make types', (_, document, types) => {
  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  const made = join(folder, 'schema.d.ts');
  const generator = at('../node_modules/openapi-typescript/bin/cli.js');
  try {
    execFileSync(process.execPath, [generator, at(document), '-o', made]);
    expect(readFileSync(at(types), 'utf8')).toBe(readFileSync(made, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
