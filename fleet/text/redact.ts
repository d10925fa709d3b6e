/** Stands for what is not shown. */
const HIDDEN = "***";
const SCHEME = /[A-Za-z][A-Za-z0-9+.-]*$/;
/** Where a URI ends within a text: none of these may stand in one. */
const URI_END = /[\s"<>]/g;
/** A host with or without a port, and the punctuation of a sentence behind it. */
const PLAIN_HOST = /^(?:\[[0-9A-Fa-f:.]*\]|[^:[\]]*)(?::\d*)?[.,:;!)\]']*$/;

/**
 * A text without what URIs in it may hold of secrets: user and password, and whatever follows the first `=`, `?` or
 * `#` of the rest, for cameras take passwords in path and query too. Nothing is parsed first, since a URI that is
 * wrong is shown most often: where an unescaped `/`, `?` or `#` makes it doubtful what the password is, all goes.
 * Names of files stay as they are. `native/core/redact.h` is the same in C++; both are held by one table of cases.
 */
export function redact(text: string): string {
  let shown = "";
  let done = 0;
  for (
    let colon = text.indexOf(":/");
    colon >= 0;
    colon = text.indexOf(":/", Math.max(done, colon + 1))
  ) {
    const scheme = SCHEME.exec(text.slice(Math.max(done, colon - MAX_SCHEME), colon))?.[0];
    if (scheme === undefined) continue;
    const begin = afterSlashes(text, colon + 1);
    URI_END.lastIndex = begin;
    const end = URI_END.exec(text)?.index ?? text.length;
    shown +=
      text.slice(done, begin) + redactBody(scheme, begin - colon - 1, text.slice(begin, end));
    done = end;
  }
  return shown + text.slice(done);
}

/** The same for a text that is one URI, or was meant for one: it ends where the text ends. */
export function redactUri(uri: string): string {
  const colon = uri.indexOf(":/");
  const scheme = colon < 0 ? undefined : SCHEME.exec(uri.slice(0, colon))?.[0];
  if (scheme !== undefined && scheme.length === colon) {
    const begin = afterSlashes(uri, colon + 1);
    return uri.slice(0, begin) + redactBody(scheme, begin - colon - 1, uri.slice(begin));
  }
  const at = uri.lastIndexOf("@");
  return at < 0 || !uri.slice(0, at).includes(":")
    ? uri
    : `${HIDDEN}@${cut(uri.slice(at + 1), "")}`;
}

/** Longer ones are not looked for, so that a hostile text costs no more than its length. */
const MAX_SCHEME = 32;

function afterSlashes(text: string, from: number): number {
  let end = from;
  while (text[end] === "/") end += 1;
  return end;
}

/** What follows the slashes of a URI. */
function redactBody(scheme: string, slashes: number, body: string): string {
  const at = body.lastIndexOf("@");
  // `/usr/bin:/bin`, `file:///videos/a=b.mp4`
  if (at < 0 && (slashes === 1 || (slashes === 3 && scheme.toLowerCase() === "file"))) return body;
  if (at >= 0) {
    const doubtful = /[/?#=]/.test(body.slice(0, at));
    return doubtful ? HIDDEN : `${HIDDEN}@${cut(body.slice(at + 1), scheme)}`;
  }
  const [host = ""] = body.split(/[/?#]/, 1);
  return PLAIN_HOST.test(host) ? cut(body, scheme) : HIDDEN;
}

/** Host and path up to where they may say something secret. */
function cut(rest: string, scheme: string): string {
  const mark = rest.search(/[=?#]/);
  const path = rest.search(/[/?#=]/);
  // `/live/admin:secret/1` is known of cameras only; elsewhere names hold colons.
  const colon = /^rtsps?$/i.test(scheme) && path >= 0 ? rest.indexOf(":", path) : -1;
  const first = Math.min(mark < 0 ? rest.length : mark, colon < 0 ? rest.length : colon);
  return first + 1 >= rest.length ? rest : rest.slice(0, first + 1) + HIDDEN;
}
