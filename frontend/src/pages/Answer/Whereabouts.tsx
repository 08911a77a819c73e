import { useEffect } from "react";
import { Link } from "wouter";
import { useUser } from "../../api/session";
import { checkKept, remoteId } from "../../history/account";
import type { Scan } from "../../history/store";
import { useWords } from "../../i18n/useWords";
import type { Word } from "../../i18n/words";

interface Props {
  scan: Scan;
  away: boolean;
  onDelete(): void;
}

/** What is said of the photo is what the server said of it, not what the switches would have it be. */
export function Whereabouts({ scan, away, onDelete }: Props) {
  const { say } = useWords();
  const owner = useUser();
  useEffect(() => {
    if (!away) void checkKept(scan);
  }, [scan.id, scan.remote, owner?.id, away]);
  const remove = away ? "deleteScanAway" : scan.remote && !remoteId(scan) ? "deleteScanHere" : "deleteScan";
  return (
    <p className="whereabouts">
      {say(recognisedBy(scan, away))}. {say(photoIs(scan, away))} <Link href="/privacy">{say("changeThat")}</Link>{" "}
      <button type="button" className="button plain" onClick={onDelete}>
        {say(remove)}
      </button>
    </p>
  );
}

function recognisedBy(scan: Scan, away: boolean): Word {
  if (scan.source === "server") return "onServer";
  return away ? "onOtherDevice" : "onDevice";
}

function photoIs(scan: Scan, away: boolean): Word {
  if (scan.kept) return "photoKept";
  if (away) return "photoAway";
  return scan.photo ? "photoHere" : "photoNowhere";
}
