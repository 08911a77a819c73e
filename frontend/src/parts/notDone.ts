import { ApiError, OfflineError } from "../api/http";
import type { Say } from "../i18n/useWords";

/** Says that nothing was done since the account, which is asked first, did not do it; or what else went wrong. */
export function notDone(word: "notDeleted" | "notNoted", error: unknown, say: Say): string {
  if (error instanceof OfflineError) return say(word, { reason: say("noNetwork") });
  if (error instanceof ApiError) return say(word, { reason: error.message });
  return say("failed", { reason: String(error) });
}
