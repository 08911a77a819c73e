import { useStore } from "../state/store";
import { language, type Language, type Text } from "./language";
import { WORDS, type Word } from "./words";

export type Parameters = Readonly<Record<string, string | number>>;
export type Say = (word: Word, parameters?: Parameters) => string;

/** French sets a space before these signs, and no line may begin with one of them. */
export const typeset = (words: string, spoken: Language): string =>
  spoken === "fr" ? words.replace(/ (?=[:;!?%»])/g, "\u00a0").replace(/« /g, "«\u00a0") : words;

export function sayIn(spoken: Language): Say {
  return (word, parameters = {}) => {
    const sentence: string = WORDS[word][spoken === "fr" ? 1 : 0];
    return typeset(sentence, spoken).replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters[name] ?? whole));
  };
}

/** The current language and what speaks it. */
export function useWords() {
  const spoken = useStore(language);
  return {
    language: spoken,
    say: sayIn(spoken),
    /** Picks the language of what the catalogue gives in both. */
    pick: (text: Text) => typeset(text[spoken], spoken),
    number: (value: number, digits = 1) => value.toLocaleString(spoken, { maximumFractionDigits: digits }),
    date: (when: Date | string, style: Intl.DateTimeFormatOptions = { day: "numeric", month: "long" }) =>
      new Date(when).toLocaleString(spoken === "fr" ? "fr-FR" : "en-GB", style),
  };
}

/** "pear" as the first word of a line. */
export const capital = (words: string): string => words.charAt(0).toLocaleUpperCase() + words.slice(1);
