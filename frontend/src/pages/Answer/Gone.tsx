import { Link } from "wouter";
import { useWords } from "../../i18n/useWords";
import { Page } from "../../parts/Page";

/** In place of an answer that is not to be had. */
export function Gone({ word }: { word: "scanGone" | "scanNotFound" | "scanUnreachable" }) {
  const { say } = useWords();
  return (
    <Page title={say("scan")} className="sheet">
      <h1 className="title">{say(word)}</h1>
      <div className="row">
        <Link className="button" href="/">
          {say("another")}
        </Link>
        <Link className="button quiet" href="/history">
          {say("history")}
        </Link>
      </div>
    </Page>
  );
}
