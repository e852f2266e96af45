/** ISBNs as the catalogue writes them: with and without hyphens, and some have lost their leading zero. */

export interface Isbn {
  isbn10: string | null;
  isbn13: string;
}

/** Both forms of an ISBN; null if the text is none (the check digit decides). */
export function parseIsbn(text: string): Isbn | null {
  const digits = text.replace(/[\s-]/g, '').toUpperCase();
  const ten = digits.padStart(10, '0');
  if (digits.length >= 9 && isIsbn10(ten)) return { isbn10: ten, isbn13: toIsbn13(ten) };
  if (isIsbn13(digits)) return { isbn10: toIsbn10(digits), isbn13: digits };
  return null;
}

/** `9781935182924` as people write it: `978-1935182924`. */
export const spellIsbn13 = (isbn13: string) => `${isbn13.slice(0, 3)}-${isbn13.slice(3)}`;

function isIsbn10(text: string): boolean {
  return /^\d{9}[\dX]$/.test(text) && text.endsWith(check10(text.slice(0, 9)));
}

function isIsbn13(text: string): boolean {
  return /^97[89]\d{10}$/.test(text) && text.endsWith(check13(text.slice(0, 12)));
}

function toIsbn13(isbn10: string): string {
  const body = `978${isbn10.slice(0, 9)}`;
  return body + check13(body);
}

function toIsbn10(isbn13: string): string | null {
  const body = isbn13.slice(3, 12);
  return isbn13.startsWith('978') ? body + check10(body) : null;
}

/** ISO 2108: weights 10 to 2, modulo 11, X for ten. */
function check10(body: string): string {
  const sum = [...body].reduce((total, digit, i) => total + Number(digit) * (10 - i), 0);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? 'X' : String(check);
}

/** ISO 2108: weights 1 and 3, modulo 10. */
function check13(body: string): string {
  const sum = [...body].reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0);
  return String((10 - (sum % 10)) % 10);
}
