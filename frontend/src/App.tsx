import { lazy, Suspense, useEffect } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { language } from "./i18n/language";
import { useWords } from "./i18n/useWords";
import { Boundary } from "./parts/Boundary";
import { Answer } from "./pages/Answer/Answer";
import { Explore } from "./pages/Explore/Explore";
import { History } from "./pages/History/History";
import { Missing } from "./pages/Missing/Missing";
import { Scan } from "./pages/Scan/Scan";
import { SpeciesPage } from "./pages/Species/SpeciesPage";
import { announcement } from "./state/announce";
import { useOnline } from "./state/online";
import { useStore } from "./state/store";

const Privacy = lazy(() => import("./pages/Privacy/Privacy"));
const Account = lazy(() => import("./pages/Account/Account"));
const Verify = lazy(() => import("./pages/Account/Verify"));
const Reset = lazy(() => import("./pages/Account/Reset"));

export function App() {
  const { say } = useWords();
  const [path] = useLocation();
  return (
    <>
      <a className="skip" href="#content">
        {say("skip")}
      </a>
      <Top />
      <Weather />
      <Boundary key={path}>
      <Suspense fallback={<main className="page sheet">{say("loading")}</main>}>
        <Switch>
          <Route path="/" component={Scan} />
          <Route path="/scan/:id" component={Answer} />
          <Route path="/explore" component={Explore} />
          <Route path="/species/:id" component={SpeciesPage} />
          <Route path="/history" component={History} />
          <Route path="/privacy" component={Privacy} />
          <Route path="/account" component={Account} />
          <Route path="/verify" component={Verify} />
          <Route path="/reset" component={Reset} />
          <Route component={Missing} />
        </Switch>
      </Suspense>
      </Boundary>
      <p className="hidden" role="status" aria-live="polite">
        {useStore(announcement)}
      </p>
    </>
  );
}

const PLACES = [
  ["/", "scan"],
  ["/explore", "explore"],
  ["/history", "history"],
  ["/privacy", "privacy"],
  ["/account", "account"],
] as const;

function Top() {
  const { say, language: spoken } = useWords();
  const [path] = useLocation();
  useEffect(() => {
    document.documentElement.lang = spoken;
  }, [spoken]);
  return (
    <header className="top">
      <Link className="mark" href="/">
        Fruits!
      </Link>
      <nav className="nav" aria-label={say("navigation")}>
        {PLACES.map(([to, word]) => (
          <Link key={to} href={to} {...(path === to ? { "aria-current": "page" as const } : {})}>
            {say(word)}
          </Link>
        ))}
      </nav>
      <button
        type="button"
        className="tongue"
        lang={spoken === "fr" ? "en" : "fr"}
        onClick={() => language.set(spoken === "fr" ? "en" : "fr")}
      >
        {say("switchLanguage")}
      </button>
    </header>
  );
}

function Weather() {
  const { say } = useWords();
  return <div role="status">{useOnline() ? null : <p className="weather">{say("offline")}</p>}</div>;
}
