/**
 * A command for `sh`, whatever shell the login has. fish and csh read quotes, `!` and line ends in ways of their own, so
 * all but plain characters travel as octal numbers, which no shell touches between single quotes. The command runs
 * between two marks on both streams: what the login's own start-up files say before and after is not its output.
 */
export function underSh(command: string, mark: string): string {
  const marked = `printf %s ${mark}; printf %s ${mark} >&2
( ${command}
)
jetfleet_code=$?; printf %s ${mark}; printf %s ${mark} >&2; exit $jetfleet_code`;
  return `exec sh -c 'eval "$(printf %b "$0")"' '${inOctal(marked)}'`;
}

/**
 * For `printf %b` (POSIX: a backslash, 0 and up to three octal digits). With the colons of the marks, so that a list of
 * processes, which shows this line, does not show a mark.
 */
function inOctal(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replaceAll(/[^A-Za-z0-9 ./_,=@+-]/g, (character) => {
      return `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
    });
}

/** One argument for a POSIX shell. */
export function quoteArgument(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
