// Writes requirements.txt: the pinned direct dependencies of package.json, one `name==version` per line.
import { readFileSync, writeFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Without the package of this repository, which no registry has.
 * @param {Record<string, string>} packages */
const lines = (packages) =>
  Object.entries(packages)
    .filter(([, version]) => !version.startsWith('file:'))
    .map(([name, version]) => `${name}==${version}\n`);

writeFileSync(
  new URL('../requirements.txt', import.meta.url),
  [
    '# Generated from package.json by `npm run requirements`; `npm install` installs the same.\n',
    ...lines(manifest.dependencies),
    '\n# To build and to test\n',
    ...lines(manifest.devDependencies),
  ].join(''),
);
