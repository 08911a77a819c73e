import { useEffect, useState } from "react";
import { call } from "../../api/http";
import type { Device } from "../../api/types";
import { useWords } from "../../i18n/useWords";

export function Sessions() {
  const { say, date } = useWords();
  const [sessions, setSessions] = useState<readonly Device[]>([]);
  const read = () => void call<Device[]>("GET", "/api/accounts/sessions").then(setSessions, () => undefined);
  useEffect(read, []);
  return (
    <ul className="sessions">
      {sessions.map(({ id, device, created_at: since, current }) => (
        <li key={id}>
          <b>{device}</b> {say("since", { date: date(since, { dateStyle: "long" }) })}
          {current ? (
            <> ({say("thisDevice")})</>
          ) : (
            <button type="button" className="button plain" onClick={() => void call("DELETE", `/api/accounts/sessions/${id}`).then(read)}>
              {say("endSession")}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
