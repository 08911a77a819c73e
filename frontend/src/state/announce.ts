import { makeStore } from "./store";

/** What the page's live region says to those who listen to it. */
export const announcement = makeStore("");

export function announce(words: string): void {
  // The same words twice are two announcements.
  announcement.set(announcement.get() === words ? `${words}\u00a0` : words);
}
