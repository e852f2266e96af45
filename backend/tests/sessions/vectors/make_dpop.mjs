// Proofs made by independent implementations in JavaScript, as JSON on standard output; see make_dpop.py.
// Made with dpop 2.1.2 and jose 6.2.18, Node 20.
import * as DPoP from 'dpop'
import * as jose from 'jose'

const NOW = 1790000000
Date.now = () => NOW * 1000 // dpop takes its `iat` from here

const URL = 'https://books.example/api/refresh'
const TOKEN = 'ta1_a-token.of_whatever~form'

const vector = (name, header, thumbprint, token = null, url = URL) => ({
  name, header, method: 'POST', url, token, now: NOW, accept: true, why: 'made by another implementation', thumbprint,
})

async function byDpop() {
  const pair = await DPoP.generateKeyPair('ES256') // not extractable, like the app's
  const thumbprint = await DPoP.calculateThumbprint(pair.publicKey)
  return [
    vector('dpop (npm), without a token', await DPoP.generateProof(pair, URL, 'POST'), thumbprint),
    vector('dpop (npm), with a token', await DPoP.generateProof(pair, URL, 'POST', undefined, TOKEN), thumbprint, TOKEN),
    vector('dpop (npm), with a nonce', await DPoP.generateProof(pair, URL, 'POST', 'n-0S6_WzA2Mj'), thumbprint),
  ]
}

async function byJose() {
  const { publicKey, privateKey } = await jose.generateKeyPair('ES256')
  const jwk = await jose.exportJWK(publicKey)
  const thumbprint = await jose.calculateJwkThumbprint(jwk)
  const proof = (key, claims) =>
    new jose.SignJWT({ htm: 'POST', htu: URL, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key })
      .setJti(crypto.randomUUID())
      .setIssuedAt(NOW)
  const ath = jose.base64url.encode(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(TOKEN)).then((b) => new Uint8Array(b)))
  return [
    vector('jose (npm), without a token', await proof(jwk).sign(privateKey), thumbprint),
    vector('jose (npm), with a token', await proof(jwk, { ath }).sign(privateKey), thumbprint, TOKEN),
    vector('jose (npm), with the times of a JWT', await proof(jwk).setNotBefore(NOW).setExpirationTime(NOW + 60).sign(privateKey), thumbprint),
    vector('jose (npm), with a named key', await proof({ ...jwk, kid: thumbprint, use: 'sig', alg: 'ES256' }).sign(privateKey), thumbprint),
  ]
}

async function byWebCrypto() {
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const jwk = await crypto.subtle.exportKey('jwk', publicKey) // as it comes: with ext and key_ops
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ typ: 'dpop+jwt', alg: 'ES256', jwk })}.${part({ jti: crypto.randomUUID(), htm: 'POST', htu: URL, iat: NOW })}`
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, Buffer.from(signed))
  return [
    vector('WebCrypto by hand, the exported key as it comes', `${signed}.${Buffer.from(signature).toString('base64url')}`, await jose.calculateJwkThumbprint(jwk)),
  ]
}

console.log(JSON.stringify([...(await byDpop()), ...(await byJose()), ...(await byWebCrypto())], null, 1))
