import { expect, test } from 'vitest';
import { browserInWords } from './browser';

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18.0 Safari/604.1', 'Safari on iPhone'],
  ['curl/8.5.0', 'curl'],
  ['PostmanRuntime/7.1', 'PostmanRuntime'],
  ['python-requests/2.32.3', 'python-requests'],
  ['My Reader 2', 'My Reader 2'],
  ['Shelf/1.0 (Android 15)', 'Shelf on Android'],
  ['x'.repeat(200), 'x'.repeat(30)],
  ['Mozilla/5.0 (compatible)', 'an unknown browser'],
  ['\u202e/1.0', 'an unknown browser'],
  ['', 'an unknown browser'],
])('%s is %s', (userAgent, words) => {
  expect(browserInWords(userAgent)).toBe(words);
});
