import { Component, type ReactNode } from "react";
import { language } from "../i18n/language";
import { sayIn } from "../i18n/useWords";

interface State {
  reason: string | null;
}

/** What is left when a page breaks: a sentence and a way out, never a blank screen. */
export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { reason: null };

  static getDerivedStateFromError(error: unknown): State {
    return { reason: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    const { reason } = this.state;
    if (reason === null) return this.props.children;
    const say = sayIn(language.get());
    return (
      <main id="content" className="page sheet" role="alert">
        <h1 className="title">{say("failed", { reason })}</h1>
        <a className="button" href="/">
          {say("home")}
        </a>
      </main>
    );
  }
}
