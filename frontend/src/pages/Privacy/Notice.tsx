import { useEffect, useState } from "react";
import { call } from "../../api/http";
import type { NoticeText } from "../../api/types";
import { useWords } from "../../i18n/useWords";

/** The privacy notice (GDPR, article 13) as the server gives it. */
export function Notice() {
  const { say, pick, date } = useWords();
  const [notice, setNotice] = useState<NoticeText | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    call<NoticeText>("GET", "/api/notice").then(setNotice, () => setFailed(true));
  }, []);
  if (!notice) return <p role="status">{say(failed ? "unreachable" : "loading")}</p>;
  return (
    <>
      <p className="quietly">{say("noticeOf", { version: notice.version, date: date(notice.updated, { dateStyle: "long" }) })}</p>
      {notice.sections.map((section) => (
        <section key={section.id}>
          <h3 className="small-head">{pick(section.title)}</h3>
          {section.paragraphs.map((paragraph) => (
            <p key={paragraph.en}>{pick(paragraph)}</p>
          ))}
        </section>
      ))}
    </>
  );
}
