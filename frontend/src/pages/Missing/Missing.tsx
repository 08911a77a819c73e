import { Link } from "wouter";
import { useWords } from "../../i18n/useWords";
import { Fill } from "../../parts/Fill";
import { Page } from "../../parts/Page";

export function Missing() {
  const { say } = useWords();
  return (
    <Page title={say("missingTitle")} className="sheet">
      <h1>
        <Fill most={120}>{say("missingTitle")}</Fill>
      </h1>
      <p>{say("missingText")}</p>
      <Link className="button" href="/">
        {say("home")}
      </Link>
    </Page>
  );
}
