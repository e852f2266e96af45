/** Text and bytes as the protocol writes them. */

/** A name of 128 random bits that means nothing. */
export const randomName = () => base64url(crypto.getRandomValues(new Uint8Array(16)));

/** The text in UTF-8. */
export const utf8 = (text: string) => new TextEncoder().encode(text);

/** Base64url without padding (RFC 4648 §5). */
export const base64url = (data: ArrayBuffer | Uint8Array) =>
  btoa(String.fromCharCode(...new Uint8Array(data)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
