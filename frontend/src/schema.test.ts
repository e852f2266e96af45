import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));

test('the types are those of the OpenAPI document; if not: make types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  const made = join(folder, 'schema.d.ts');
  const generator = at('../node_modules/openapi-typescript/bin/cli.js');
  try {
    execFileSync(process.execPath, [generator, at('./openapi.json'), '-o', made]);
    expect(readFileSync(at('./schema.d.ts'), 'utf8')).toBe(readFileSync(made, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
