/**
 * How tokens are spelt: their bytes from the service's spelling or from the tokenizer's own names, and text that cannot mislead whoever
 * reads it.
 */

const BYTES = "bytes:";
const ENCODER = new TextEncoder();

/** As the service spells tokens: text, or `bytes:\xe2\x96` where that is not valid UTF-8 alone. @param {string} spelled */
export function bytesOf(spelled) {
  if (!isBytes(spelled)) return ENCODER.encode(spelled);
  const pairs = spelled.slice(BYTES.length).match(/\\x[0-9a-f]{2}/gi) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair.slice(2), 16));
}

/** @param {string} spelled */
export function isBytes(spelled) {
  return /^bytes:(\\x[0-9a-f]{2})+$/i.test(spelled);
}

/** @param {Uint8Array} bytes */
export function spell(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return BYTES + [...bytes].map(hex).join("");
  }
}

/** @param {number} byte */
function hex(byte) {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** `e2 96` @param {string} spelled */
export function hexOf(spelled) {
  return [...bytesOf(spelled)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** What could hide, turn or run away: controls, bidi marks, zero width, lone surrogates, blanks of odd width. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0\u{e0000}-\u{e0fff}]/u;
const ALL_HIDDEN = new RegExp(HIDDEN.source, "gu");

/** Matches in a document what is to be shown as an escape: not its tabs and line ends. */
export const HIDDEN_IN_TEXT = new RegExp(`(?![\\t\\n])${HIDDEN.source}`, "gu");

/** @type {Record<string, string>} */
const NAMES = { "\n": "↵", "\t": "⇥", "\r": "␍", "\0": "␀" };

/** One character as an escape. @param {string} character */
export function escaped(character) {
  return NAMES[character] ?? `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** A token for people, on one line: blanks can be seen, nothing hides. @param {string} spelled @param {number} [most] characters */
export function visible(spelled, most = 60) {
  if (isBytes(spelled)) return spelled.slice(BYTES.length);
  const text = spelled.length > most ? `${spelled.slice(0, most)}…` : spelled;
  return text.replace(ALL_HIDDEN, escaped).replace(/ /g, "␣");
}

/** The bytes behind the letters of byte-level tokenizers. @type {Map<string, number>} */
const BYTE_LETTERS = new Map();
{
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const plain = (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || byte > 173;
    BYTE_LETTERS.set(String.fromCodePoint(plain ? byte : next++), byte);
  }
}

/** A byte-level tokenizer's name of a token, in bytes; null where it is none. @param {string} name */
export function byteLevel(name) {
  const bytes = [...name].map((letter) => BYTE_LETTERS.get(letter));
  return bytes.includes(undefined) ? null : Uint8Array.from(/** @type {number[]} */ (bytes));
}

/** A SentencePiece name of a token, in bytes. @param {string} name */
export function sentencePiece(name) {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(name);
  return byte ? Uint8Array.of(parseInt(/** @type {string} */ (byte[1]), 16)) : ENCODER.encode(name.replaceAll("▁", " "));
}
