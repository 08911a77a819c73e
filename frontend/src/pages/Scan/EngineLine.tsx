import { device } from "../../engine/device";
import { useWords } from "../../i18n/useWords";
import { usePhotosGo } from "../../parts/usePhotosGo";
import { recogniseOn } from "../../state/settings";
import { useStore } from "../../state/store";

const WEDGES = 12;

/** Says where photos are recognised and where they go, and how far the engine's download is: a fruit that fills wedge by wedge. */
export function EngineLine() {
  const { say } = useWords();
  const state = useStore(device);
  const choice = useStore(recogniseOn);
  const go = usePhotosGo();
  if (choice === "device" && state.state === "loading") {
    const percent = Math.round(state.share * 100);
    return (
      <div className="engine">
        <div className="engine-bar" role="progressbar" aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} aria-label={say("engineLoading", { percent })}>
          <svg viewBox="-10 -10 20 20" width="28" height="28" aria-hidden="true">
            {Array.from({ length: WEDGES }, (_, index) => (
              <path
                key={index}
                d="M0 -1.5L1.7 -8.2A8.6 8.6 0 0 0 -1.7 -8.2Z"
                transform={`rotate(${(index * 360) / WEDGES})`}
                fill="currentcolor"
                opacity={state.share * WEDGES > index ? 1 : 0.25}
              />
            ))}
          </svg>
        </div>
        <span>
          {say("engineLoading", { percent })}. {say(go)}
        </span>
      </div>
    );
  }
  const here = choice === "device" && state.state === "ready";
  return (
    <div className="engine" data-engine={here ? "ready" : state.state}>
      <span>{say(go)}</span>
    </div>
  );
}
