import { useEffect, useState } from "react";
import { ApiError } from "../../api/http";
import { useUser } from "../../api/session";
import type { Catalogue } from "../../api/types";
import { deleteRemote } from "../../history/account";
import { correctAway, readAway } from "../../history/away";
import type { Correction, Scan } from "../../history/store";
import { useWords } from "../../i18n/useWords";
import { Waiting } from "../../parts/Waiting";
import { Found } from "./Found";
import { Gone } from "./Gone";

type Looked = Scan | "looking" | "none" | "unreachable";

/** The answer to a photo of another device, from the account. */
export function Away({ id, catalogue }: { id: string; catalogue: Catalogue }) {
  const { say } = useWords();
  const owner = useUser();
  const [looked, setLooked] = useLooked(id, owner === undefined ? undefined : (owner?.id ?? null));
  if (looked === "looking") return <Waiting title={say("scan")} failed={false} />;
  if (looked === "none") return <Gone word={owner ? "scanNotFound" : "scanGone"} />;
  if (looked === "unreachable") return <Gone word="scanUnreachable" />;
  async function noted(scan: Scan, correction: Correction) {
    await correctAway(id, correction);
    setLooked({ ...scan, correction });
  }
  return (
    <Found
      away
      scan={looked}
      catalogue={catalogue}
      onCorrect={(correction) => noted(looked, correction)}
      onDelete={() => deleteRemote(id)}
    />
  );
}

/** `owner` is undefined until it is known who is signed in, null when nobody is. */
function useLooked(id: string, owner: string | null | undefined) {
  const [looked, setLooked] = useState<Looked>("looking");
  useEffect(() => {
    let wanted = true;
    const keep = (found: Looked) => wanted && setLooked(found);
    const failed = (error: unknown) => keep(error instanceof ApiError && error.status < 500 ? "none" : "unreachable");
    if (owner === undefined) keep("looking");
    else if (owner === null) keep("none");
    else readAway(id, owner).then(keep, failed);
    return () => {
      wanted = false;
    };
  }, [id, owner]);
  return [looked, setLooked] as const;
}
