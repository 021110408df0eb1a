import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { loadOperations, services } from "../api/names.js";
import { emptyFields, type FormFields } from "../filter/fields.js";
import { loadLanguage } from "../filter/load.js";
import { textOfError } from "../kit/problem.js";
import { shownText } from "../kit/text.js";
import { t } from "../words/words.js";
import { wholeFilter } from "./state.js";

interface PlainFormProps {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly run: (text: string) => void;
}

/** A form for the filter. Its choices appear in the filter line. */
export function PlainForm({ text, setText, run }: PlainFormProps): JSX.Element {
  const [fields, setFields] = useState<FormFields>();
  const [isMore, setMore] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [operations, setOperations] = useState<readonly string[]>([]);
  useEffect(() => {
    void loadLanguage().then(({ fieldsOfFilter, filterOfFields }) => {
      const found = fieldsOfFilter(wholeFilter(text));
      setMore(found === undefined);
      // Half-written fields with the same filter stay.
      const means = (known: FormFields): string | undefined => {
        try {
          return filterOfFields(known);
        } catch {
          return text;
        }
      };
      if (found !== undefined) {
        setFields((known) => (known !== undefined && means(known) === wholeFilter(text) ? known : found));
      }
    });
  }, [text]);
  const service = fields?.service ?? "";
  useEffect(() => {
    const left = new AbortController();
    setOperations([]);
    if (service !== "") {
      loadOperations(service, left.signal).then(
        (list) => setOperations([...new Set(list.map(({ name }) => name))]),
        () => {},
      );
    }
    return () => left.abort();
  }, [service]);
  const change = (next: Partial<FormFields>, isWhole: boolean): void => {
    const all = { ...emptyFields, ...fields, ...next };
    setFields(all);
    void loadLanguage().then(({ filterOfFields }) => {
      try {
        const filter = filterOfFields(all);
        setProblem(undefined);
        setText(filter);
        if (isWhole) run(filter);
      } catch (error) {
        setProblem(textOfError(error));
      }
    });
  };
  const field = (name: "tags" | "minDuration" | "maxDuration", example: string) => (
    <label class={`field-${name}`}>
      {t(name)}
      <input
        value={fields?.[name] ?? ""}
        placeholder={example}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => change({ [name]: event.currentTarget.value }, false)}
        onKeyDown={(event) => event.key === "Enter" && change({}, true)}
      />
    </label>
  );
  return (
    <div id="plain-form" class="plain-form">
      {isMore && <p class="hint">{t("filterSaysMore")}</p>}
      <label>
        {t("service")}
        <select
          value={service}
          onChange={(event) => change({ service: event.currentTarget.value, operation: "" }, true)}
        >
          <option value="">{t("any")}</option>
          {withChosen(services.value, service).map((name) => (
            <option key={name} value={name}>
              {shownText(name)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("operation")}
        <select
          value={fields?.operation ?? ""}
          onChange={(event) => change({ operation: event.currentTarget.value }, true)}
        >
          <option value="">{t("any")}</option>
          {withChosen(operations, fields?.operation ?? "").map((name) => (
            <option key={name} value={name}>
              {shownText(name)}
            </option>
          ))}
        </select>
      </label>
      {field("tags", 'http.response.status_code=500 error.type="…"')}
      {field("minDuration", "100ms")}
      {field("maxDuration", "1.5s")}
      <label class="check">
        <input
          type="checkbox"
          checked={fields?.onlyErrors ?? false}
          onChange={(event) => change({ onlyErrors: event.currentTarget.checked }, true)}
        />
        {t("onlyErrors")}
      </label>
      {problem !== undefined && (
        <div class="fault" role="alert">
          <pre>{problem}</pre>
        </div>
      )}
    </div>
  );
}

function withChosen(names: readonly string[], chosen: string): readonly string[] {
  return chosen === "" || names.includes(chosen) ? names : [chosen, ...names];
}
