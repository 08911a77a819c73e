import { useUser } from "../api/session";
import { device } from "../engine/device";
import type { Word } from "../i18n/words";
import { recogniseOn } from "../state/settings";
import { useStore } from "../state/store";

/** The sentence that tells where the next photo goes, as things are now. */
export function usePhotosGo(): Word {
  const engine = useStore(device);
  const choice = useStore(recogniseOn);
  const owner = useUser();
  const here = choice === "device" && engine.state === "ready";
  if (owner && (owner.consents.keep || owner.consents.improve)) return here ? "engineReadyStored" : "engineServerStored";
  return here ? "engineReady" : "engineServer";
}
