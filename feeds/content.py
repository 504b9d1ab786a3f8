"""The body of a feed entry: plain HTML without scripts, styles or pictures. Pure.

Every value is escaped here, by markupsafe, and once more nowhere: the feed formats escape the HTML as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markupsafe import Markup, escape

from feeds import dates
from feeds.changes import Told
from feeds.deadlines import deadlines, standing
from feeds.dossier import Dossier, Evidence
from feeds.facts import Part, called, cited, facts, label, lead, web
from feeds.links import Links
from feeds.texts import fill, told
from feeds.words import Words

_P = Markup("<p>{}</p>")
_LI = Markup("<li><b>{}:</b> {}</li>")
_A = Markup('<a href="{}">{}</a>')
_COMMA = Markup(", ")


def of_record(dossier: Dossier, links: Links, words: Words) -> str:
    """Return the body of an entry that announces a record."""
    said = lead(dossier, words)
    lines = [
        _LI.format(term, _COMMA.join(_part(part, links, words) for part in parts))
        for term, parts in facts(dossier, words)
    ]
    if quote := dossier.row.get("quote"):
        lines.append(
            _LI.format(words.term("quote"), _quoted(quote, dossier.row.get("lang"), words))
        )
    lines += _deadlines(dossier, words)
    body = [
        _P.format(said) if said else Markup(""),
        _list(lines),
        *_sources(dossier, cited(dossier), links, words, quotes=dossier.kind != "statement"),
        _P.format(_A.format(links.record(dossier.id), words.say["whole_record"])),
    ]
    return _joined(body)


def of_withdrawn(dossier: Dossier, made: Told | None, day: str, links: Links, words: Words) -> str:
    """Return what an entry is once its record is withdrawn: that it is, since when, and why."""
    why = _why(made) if made else ""
    return _joined(
        [
            _P.format(words.say["withdrawn_entry"].format(dates.day_of(day, words.dates))),
            _P.format(why) if why else Markup(""),
            _P.format(_A.format(links.record(dossier.id), words.say["about_record"])),
        ]
    )


def of_correction(dossier: Dossier, made: Told, day: str, links: Links, words: Words) -> str:
    """Return the body of an entry that announces a correction: before and after, and why."""
    if not made.in_force:
        undone = words.say["undone_entry"].format(dates.day_of(day, words.dates))
        link = _A.format(links.record(dossier.id, made.event), words.say["about_record"])
        return _joined([_P.format(undone), _P.format(link)])
    why = _why(made)
    return _joined(
        [
            _P.format(made.sentence),
            _list(_changes(made, words)),
            _P.format(why) if why else Markup(""),
            *_sources(dossier, cited(dossier, [made.event]), links, words, quotes=True),
            _P.format(_A.format(links.record(dossier.id), words.say["about_record"])),
        ]
    )


def _why(made: Told) -> Markup:
    return Markup(" ").join(filter(None, (made.reason, made.note)))


def _changes(made: Told, words: Words) -> Iterator[Markup]:
    say = words.say
    for name, before, after, hidden in made.changes:
        was = Markup("<i>{}</i>").format(say["not_repeated"]) if hidden else before
        steps = []
        if was is not None:
            steps.append(
                Markup("{} <del>{}</del>").format(
                    say["was"] if after is not None else say["removed"], was
                )
            )
        if after is not None:
            steps.append(
                Markup("{} <ins>{}</ins>").format(
                    say["now"] if was is not None else say["added"], after
                )
            )
        yield _LI.format(name, _COMMA.join(steps))


def _part(part: Part, links: Links, words: Words) -> Markup:
    href = links.record(part.record) if part.record else part.url
    said = told(part.text, words, part.lang)
    return _A.format(href, said) if href else escape(said)


def _deadlines(dossier: Dossier, words: Words) -> Iterator[Markup]:
    for one in deadlines(dossier, words):
        said = fill(words.say["colon"], one.label, one.due) if one.due else one.label
        yield _LI.format(
            words.term("readings"),
            fill(words.say["role"], said, one.verdict) if one.verdict else said,
        )
    if dossier.kind == "commitment" and (outcome := standing(dossier, words)):
        yield _LI.format(words.term("status"), outcome)


def _sources(
    dossier: Dossier, items: Iterable[Evidence], links: Links, words: Words, *, quotes: bool
) -> Iterator[Markup]:
    for item in items:
        if item.source_id is None:
            continue
        said = [
            _A.format(
                links.record(item.source_id),
                told(item.title, words, item.lang)
                if item.title
                else label(dossier, item.source_id, words),
            )
        ]
        if item.publisher:
            said.append(escape(called("", item.publisher, words, item.publisher_cy)))
        if item.published:
            said.append(escape(dates.text(item.published, words.dates)))
        if web(item.url):
            said.append(_A.format(item.url, words.say["original"]))
        line = _COMMA.join(said)
        if quotes and item.quote:
            line = Markup("{}: {}").format(line, _quoted(item.quote, item.lang, words))
        yield Markup("<p>{}: {}</p>").format(words.say["source"], line)


def _quoted(quote: str, lang: str | None, words: Words) -> Markup:
    said = words.say["quote"].format(quote)
    if lang in (None, words.language):
        return escape(said)
    return Markup('<span lang="{}">{}</span>').format(lang, said)


def _list(lines: Iterable[Markup]) -> Markup:
    lines = list(lines)
    return Markup("<ul>\n{}\n</ul>").format(Markup("\n").join(lines)) if lines else Markup("")


def _joined(body: Iterable[Markup]) -> str:
    return "\n".join(str(part) for part in body if part)
