/** What a user agent calls itself, in words: "Firefox on Linux". The same rule as the server's. */

const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['Firefox/', 'Firefox'],
  ['FxiOS/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['CriOS/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;

const SYSTEMS = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Macintosh', 'Mac'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const;

/** The first that fits: most browsers also claim to be Chrome, and Safari. */
export function browserInWords(userAgent: string): string {
  const browser = BROWSERS.find(([sign]) => userAgent.includes(sign))?.[1] ?? product(userAgent);
  const system = SYSTEMS.find(([sign]) => userAgent.includes(sign))?.[1];
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** What a program calls itself (RFC 9110 §10.1.5), without the version; all browsers say "Mozilla". */
function product(userAgent: string): string {
  const name = /^[\w .-]{1,30}/.exec(userAgent)?.[0].trim() ?? '';
  return name === '' || name === 'Mozilla' ? 'an unknown browser' : name;
}
