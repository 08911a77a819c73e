import { ApiError, OfflineError } from "../api/http";
import type { Say } from "../i18n/useWords";

/** Says that nothing was deleted since the account, which is asked first, did not do it; or what else went wrong. */
export function notDeleted(error: unknown, say: Say): string {
  if (error instanceof OfflineError) return say("notDeleted", { reason: say("noNetwork") });
  if (error instanceof ApiError) return say("notDeleted", { reason: error.message });
  return say("failed", { reason: String(error) });
}
