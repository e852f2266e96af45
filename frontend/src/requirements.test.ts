// @vitest-environment node

import { expect, test } from 'vitest';
import manifest from '../package.json';
import requirements from '../requirements.txt?raw';

test('requirements.txt lists exactly the pinned direct dependencies of package.json', () => {
  const listed = requirements.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const pinned = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([name]) => name !== 'tokenkeep',
  );
  expect(listed).toEqual(pinned.map(([name, version]) => `${name}==${version}`));
  for (const [, version] of pinned) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});
