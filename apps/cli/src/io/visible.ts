// SPDX-License-Identifier: GPL-2.0-only

/**
 * Characters that a terminal acts upon in the place of showing them: controls but for tab, NUL, of which logs have
 * runs, and newline (a carriage return only before one), and those that turn the direction of text.
 */
const CONTROLS = /(?!\0|\t|\r?\n)[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Text of somebody else's, fit for a terminal: what the terminal would act upon is written as in JSON. */
export function visible(text: string): string {
  return text.replaceAll(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Stands for the escape before a colour of our own, until what is printed was made {@link visible}. No text that was
 * decoded from bytes has half a character.
 */
export const OWN_ESCAPE = '\uDFFF';

/** The same text, with the colours that {@link OWN_ESCAPE} stands for. */
export function visibleWithColours(text: string): string {
  return visible(text).replaceAll(OWN_ESCAPE, '\u001B');
}
