import type { KeyValue } from "@spanstore/core";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { go, routeTo } from "../app/route.js";
import { loadLanguage } from "../filter/load.js";
import { CopyButton } from "../kit/copy.js";
import { Icon } from "../kit/icons.js";
import { Text } from "../kit/text.js";
import { formatCount } from "../time/format.js";
import { t } from "../words/words.js";
import { textOf } from "./model/details.js";

interface AttributesProps {
  readonly title: ComponentChildren;
  readonly level: "span" | "resource" | "scope" | "event" | "link";
  readonly list: readonly KeyValue[] | undefined;
  readonly q: string;
  readonly marks: readonly string[];
  readonly isOpen: boolean;
}

/** The characters of a value shown at first. */
const shortLength = 600;

/** The attributes of one level, each with buttons to copy it and to search by it. */
export function Attributes({ title, level, list = [], q, marks, isOpen }: AttributesProps): JSX.Element {
  return (
    <details class="attributes" open={isOpen}>
      <summary>
        {title} {list.length > 0 && <small>{formatCount(list.length)}</small>}
      </summary>
      {list.length === 0 ? (
        <p class="hint">{t("noAttributes")}</p>
      ) : (
        <table>
          <tbody>
            {list.map((attribute, i) => (
              <Attribute key={i} attribute={attribute} level={level} q={q} marks={marks} />
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}

interface AttributeProps extends Pick<AttributesProps, "level" | "q" | "marks"> {
  readonly attribute: KeyValue;
}

function Attribute({ attribute, level, q, marks }: AttributeProps): JSX.Element {
  const { key, value } = attribute;
  const [isWhole, setWhole] = useState(false);
  const text = textOf(value);
  const isText = !("stringValue" in value);
  return (
    <tr>
      <th scope="row">
        <Text value={key} marks={marks} />
      </th>
      <td>
        <span class={isText ? "value typed" : "value"}>
          <Text value={text} marks={marks} most={isWhole ? Number.POSITIVE_INFINITY : shortLength} />
        </span>
        {text.length > shortLength && (
          <button type="button" class="link" onClick={() => setWhole(!isWhole)}>
            {t(isWhole ? "showLess" : "showAll", { count: formatCount(text.length) })}
          </button>
        )}
      </td>
      <td class="tools">
        <button
          type="button"
          class="quiet"
          title={t("filterBy")}
          aria-label={t("filterByKey", { key })}
          onClick={() => void search(q, level, attribute)}
        >
          <Icon name="filter" />
        </button>
        <CopyButton name={t("copyValue")} text={() => text} />
      </td>
    </tr>
  );
}

/** Adds the attribute to the search, and runs it. */
async function search(q: string, level: AttributesProps["level"], { key, value }: KeyValue): Promise<void> {
  const { addCondition, conditionOf } = await loadLanguage();
  const condition = conditionOf({ attr: { key, level } }, value as Readonly<Record<string, unknown>>);
  if (condition !== undefined) go(routeTo("search", [], { q: addCondition(q, condition) }));
}
