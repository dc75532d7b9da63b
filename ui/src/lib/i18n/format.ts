/** Messages of ICU MessageFormat with their values put in; each is read once for a language. */
import { IntlMessageFormat } from "intl-messageformat";

/** What is put into a message, by name. */
export type Values = Readonly<Record<string, string | number>>;

const formats = new Map<string, IntlMessageFormat>();

/** `tag` is the language, with its region where that matters: `en-GB`. */
export function formatted(message: string, tag: string, values?: Values): string {
  // Most messages are what they are.
  if (values === undefined && !/[{'<]/.test(message)) return message;
  const name = `${tag} ${message}`;
  let format = formats.get(name);
  if (format === undefined) {
    format = new IntlMessageFormat(message, tag, undefined, { ignoreTag: true });
    formats.set(name, format);
  }
  return String(format.format(values));
}
