"""The metadata of the Flex Templates, made of the options of the jobs; the committed files are exactly this.

    python -m templates.metadata           writes them anew, and the rest of what `make metadata` writes

Names, help, choices and defaults are those of argparse. What it does not know stands here: the kinds of values as the
service has them, groups of a job that has none, and which options a template leaves out, and why.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from kittiwake.pipelines.flags import FlagGroup
from kittiwake.pipelines.options import backfill, stream
from kittiwake.pipelines.options.flex_template import BACKFILL_ALIASES, STREAM_ALIASES
from templates.monitoring.files import monitoring_files
from templates.tables import TABLES_FILE, tables_text

FOLDER: Final = Path(__file__).parent


class Kind(NamedTuple):
    """What a value looks like, as the service's form tests it before anything is launched."""

    type: str = "TEXT"
    regex: str | None = None
    """For the whole value, in the part of the notation that Java, RE2 and Python share."""


_DURATION: Final = "[+]?([0-9]{1,9}[smhdw]|P[0-9.WDTHMS]+)"
_BUCKETS: Final = "gs://[^,]+(,gs://[^,]+)*"
_BUCKETS_AND_TABLES: Final = "(gs|bq)://[^,]+(,(gs|bq)://[^,]+)*"
_DATASET: Final = "([a-z0-9.-]+:)?[a-z][a-z0-9-]*[.:][A-Za-z0-9_]+"

BY_METAVAR: Final[Mapping[str, Kind]] = {
    "DAYS": Kind(regex="[0-9]{1,5}d?"),
    "DURATION": Kind(regex=_DURATION),
    "NUMBER": Kind("NUMBER", "[0-9]{1,3}"),
    "PROJECT.DATASET": Kind(regex=_DATASET),
    "TIME": Kind(regex=r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9:]{2,5})"),
    "0..1": Kind(regex=r"0?[.][0-9]+|[01]([.]0*)?"),
}
BY_NAME: Final[Mapping[str, Kind]] = {
    "subscription": Kind("PUBSUB_SUBSCRIPTION", "projects/[^/ ]+/subscriptions/[^/ ]+"),
    "trigger_topic": Kind("PUBSUB_TOPIC", "projects/[^/ ]+/topics/[^/ ]+"),
    "rules": Kind(regex=_BUCKETS),
    "snapshots": Kind(regex=_BUCKETS_AND_TABLES),
    "start_from": Kind(regex=_BUCKETS_AND_TABLES),
    "input": Kind(regex=_BUCKETS_AND_TABLES),
    "output": Kind(regex="(gs|bq)://[^, ]+"),
}

_HERE: Final = "it is about this process and this machine"
_IMAGE_HELP: Final = "the image of the workers; default: that of the template itself"


class Template(NamedTuple):
    """A job as a Flex Template."""

    title: str
    description: str
    parser: Callable[[], argparse.ArgumentParser]
    aliases: Mapping[str, str]
    left_out: Mapping[str, str]
    """Options that are no parameters, and why."""
    groups: Mapping[str, str] = {}
    """Group by option, of a job whose own page has none."""
    streaming: bool = False


_RECORDED: Final = ("events", "pace", "disorder", "late", "event_seed", "events_per_bundle", "stay_open", "output")
TEMPLATES: Final[Mapping[str, Template]] = {
    "stream": Template(
        "Kittiwake: triggers from a stream of events",
        "Decides over the events of a Pub/Sub subscription what fires; triggers go to a topic, all rows into BigQuery.",
        stream.parser,
        STREAM_ALIASES,
        {
            **dict.fromkeys(_RECORDED, _HERE),
            "check": "a template has to end with a job; `kittiwake.pipelines.stream --check` runs in the same image",
            "runner": "the launcher says it",
            "bigquery_method": "its other value needs Java, which the image does not have",
            "expansion_jar": "as bigquery_method",
        },
        streaming=True,
    ),
    "backfill": Template(
        "Kittiwake: what would have fired over an archive",
        "Decides over files or tables of events what would have fired; rows go to a folder or into BigQuery.",
        backfill.parser,
        BACKFILL_ALIASES,
        {
            "query": "it is a file of the launching machine",
            "estimate": "a template has to end with a job",
            "runner": "the launcher says it",
            "shared": "it is about files of this machine; in buckets IAM decides",
        },
        {
            **dict.fromkeys(("rules", "input", "from", "input_shape", "input_account"), "input"),
            **dict.fromkeys(("output", "run_id", "format", "snapshots"), "output"),
            **dict.fromkeys(("start_from", "until", "start", "allowed_lateness"), "which time"),
            **dict.fromkeys(("max_dead_letter_ratio", "allow_empty", "strict"), "when it stops"),
        },
    ),
}


def metadata(template: Template) -> dict[str, Any]:
    """The metadata of a template, as the service's `TemplateMetadata` has them in JSON."""
    kind = {
        "streaming": True,
        "supportsAtLeastOnce": True,
        "supportsExactlyOnce": True,
        "defaultStreamingMode": "EXACTLY_ONCE",
    }
    return {
        "name": template.title,
        "description": template.description,
        **(kind if template.streaming else {}),
        "parameters": list(_parameters(template)),
    }


def _parameters(template: Template) -> Iterator[dict[str, Any]]:
    parser = template.parser()
    group_of = {id(action): group.title for group in parser._action_groups for action in group._group_actions}
    alias_of = {name: alias for alias, name in template.aliases.items()}
    for action in parser._actions:
        name = action.option_strings[0].removeprefix("--")
        if isinstance(action, argparse._HelpAction) or name in template.left_out:
            continue
        group = template.groups[name] if template.groups else str(group_of[id(action)])
        ours = _parameter(name, action, group)
        yield ours
        if name in alias_of:
            yield {
                **ours,
                "name": alias_of[name],
                "label": f"{ours['label']}, as Google's templates call it",
                "helpText": f"the same as {name}: give one of them",
                "isOptional": True,
                "hiddenUi": True,
            }
    yield {
        "name": "sdk_container_image",
        "label": "Image of the workers",
        "helpText": _IMAGE_HELP,
        "isOptional": True,
        "groupName": FlagGroup.LAUNCH.value,
        "paramType": "TEXT",
    }


def _parameter(name: str, action: argparse.Action, group: str) -> dict[str, Any]:
    kind = _kind(name, action)
    found: dict[str, Any] = {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "helpText": action.help,
        "isOptional": not action.required,
        "groupName": group,
        "paramType": kind.type,
    }
    if kind.regex is not None:
        found["regexes"] = [f"^({kind.regex})$"]
    if action.choices is not None:
        found["enumOptions"] = [{"value": one} for one in action.choices]
    default = "false" if kind.type == "BOOLEAN" else action.default
    if isinstance(default, str):
        found["defaultValue"] = default
    return found


def _kind(name: str, action: argparse.Action) -> Kind:
    if action.choices is not None:
        return Kind("ENUM")
    if action.nargs == 0:
        return Kind("BOOLEAN", "true|false")
    return BY_NAME.get(name) or BY_METAVAR.get(str(action.metavar), Kind())


def text(template: Template) -> str:
    """The file of a template's metadata."""
    return json.dumps(metadata(template), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write all files anew; the exit code."""
    for name, template in TEMPLATES.items():
        (FOLDER / name / "metadata.json").write_text(text(template), encoding="utf-8")
    TABLES_FILE.write_text(tables_text(), encoding="utf-8")
    for path, written in monitoring_files().items():
        path.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
