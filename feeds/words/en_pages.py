"""English: what the pages are called, and the pages that are prose."""

from __future__ import annotations

from feeds.words.catalogue import Helpline, PageWords, Section
from feeds.words.keys import Lines, Pages, Paths, Prose, Statuses

PATHS: Paths = {
    "records": "records",
    "removals": "removals",
    "fixity": "fixity",
    "events": "events",
    "commitments": "commitments",
    "corrections": "corrections",
    "timeline": "timeline",
    "topics": "topics",
    "bodies": "bodies",
    "people": "people",
    "numbers": "numbers",
    "search": "search",
    "subscribe": "subscribe",
    "about": "about",
    "accessibility": "accessibility",
    "privacy": "privacy",
    "data": "data",
    "calendar": "calendar",
    "trust": "trust",
}

PAGES: Pages = {
    "commitments": PageWords(
        "Who promised what, by when",
        "Promises",
        "Every promise, duty and expectation on record: who is to do it, by which day, and whether it was done."
        " Where a deadline can be read in two ways, both are judged.",
    ),
    "timeline": PageWords(
        "What happened, day by day",
        "Timeline",
        "Meetings, reports, decisions, statements and deadlines in the order of their days.",
    ),
    "corrections": PageWords(
        "What was corrected",
        "Corrections",
        "Every mistake that was put right, every withdrawal and every dispute: what stood here, what stands here now, and why.",
    ),
    "topics": PageWords("Topics", "Topics", "What the record is about, subject by subject."),
    "bodies": PageWords(
        "Councils, boards and other bodies",
        "Bodies",
        "Who decides, who inspects, who reports: what each has promised and done.",
    ),
    "people": PageWords(
        "People in office",
        "People",
        "People are named here for their public office only. An office without an end is not said to go on:"
        " we give the last day on which a source names its holder.",
    ),
    "numbers": PageWords(
        "The numbers",
        "Numbers",
        "Every number on record, with its day and its source. A forecast or a budget is drawn hollow,"
        " so that it is not taken for what happened.",
    ),
    "search": PageWords("Search", "Search", "Search every record, in English or Welsh."),
    "subscribe": PageWords(
        "Be told what is new",
        "Subscribe",
        "Follow all of this, or the part you care about, without an account and without telling us who you are.",
    ),
    "about": PageWords(
        "About this archive, and how it is made",
        "About",
        "What is recorded, how, and what the words on these pages mean.",
    ),
    "accessibility": PageWords(
        "Accessibility statement",
        "Accessibility",
        "How this site is made for everybody, and what to do where it fails you.",
    ),
    "privacy": PageWords("Privacy", "Privacy", "What we know about you: next to nothing."),
    "data": PageWords(
        "Data and API",
        "Data",
        "Everything shown here can be had as data, free to use, and checked against a signed log.",
    ),
    "calendar": PageWords(
        "Deadlines and meetings",
        "Calendar",
        "By which day something is due, and when councils and boards meet: what is to come, then what has been.",
    ),
    "trust": PageWords(
        "Check us yourself",
        "Trust",
        "Nothing that is recorded here can be changed unnoticed. You need not take our word for it:"
        " two commands check it, on your own computer.",
    ),
}

STATUSES: Statuses = {
    "due": "Not due yet",
    "met": "Done in time",
    "late": "Done, but late",
    "missed": "Not done in time",
    "unknown": "Not known whether done",
    "depends on reading": "Depends on how the deadline is read",
    "superseded": "Replaced or withdrawn",
    "undatable": "No day to judge it by",
}

LINES: Lines = {
    "meeting": "Meeting",
    "document": "Document",
    "statement": "Statement",
    "development": "Development",
    "due": "Deadline",
    "outcome": "Outcome",
    "figure": "Number",
    "took office": "Took office",
    "left office": "Left office",
    "set up": "Set up",
    "wound up": "Wound up",
}

HELPLINES = (
    Helpline("Childline", "0800 1111", "for anyone under 19, at any hour"),
    Helpline("Meic", "080880 23456", "for children and young people in Wales, in Welsh or English"),
    Helpline("NSPCC", "0808 800 5000", "for adults who are worried about a child"),
    Helpline("Samaritans", "116 123", "for anyone, at any hour"),
)

PROSE: Prose = {
    "about": (
        Section(
            "What is recorded",
            (
                (
                    "Articles, reports, minutes and statements are read one by one. Each fact in them is recorded apart:"
                    " who said it, on which day, in which passage of which source."
                ),
                "Short quotations are given in the words used. Everything else is put in our own words.",
            ),
        ),
        Section(
            "What this is not",
            (
                (
                    "It is no judgement of any person, and no place to ask for help with a child: for that, see the"
                    " helplines below or ring the council’s children’s services. In an emergency, dial 999."
                ),
                "No child and no family is named here, ever. Adults are named only for what they do in public office.",
                "It is not complete: it holds what was published and what we have read so far.",
            ),
        ),
        Section(
            "What happens to mistakes",
            (
                (
                    "Nothing is overwritten. A correction shows the old words beside the new, with the reason and the day,"
                    " and is announced in the feeds. Where sources disagree, both are shown."
                ),
                "Where the law or a child’s privacy demands it, words are removed. That they were, when and why, stays.",
            ),
        ),
        Section(
            "How a promise is judged",
            (
                (
                    "By the recorded day of its outcome alone, not by intention or effort. Done on or before the last day"
                    " that the deadline allows: done in time. Certainly after it: done, but late."
                ),
                (
                    "Where a source says that it was not done and the day has passed: not done in time. Where no source"
                    " tells, we say that it is not known. Not known does not mean missed."
                ),
                "Some deadlines can be read in more than one way. Then each reading is judged by itself.",
            ),
        ),
        Section(
            "Right of reply",
            (
                (
                    "If you are named here and something is wrong or one-sided, tell us. We record what you say with the"
                    " fact it concerns, and correct what proves wrong in the open."
                ),
            ),
        ),
    ),
    "accessibility": (
        Section(
            "What you can expect",
            (
                (
                    "We aim at level AA of the Web Content Accessibility Guidelines 2.2. Every page works with the keyboard"
                    " alone, without scripts, at 400 % zoom and on a screen 320 pixels wide."
                ),
                (
                    "Pages follow your settings for dark colours, contrast and text size. No meaning hangs on colour alone,"
                    " and every chart has its numbers beside it as a table."
                ),
            ),
        ),
        Section(
            "What is not as it should be",
            (
                (
                    "Titles and quotations stay in the language of their source; they are marked so that a screen reader"
                    " changes its voice. The data explorer is a program of others, and partly needs scripts."
                ),
                "We do not hold the articles themselves, so we cannot make them accessible.",
            ),
        ),
        Section(
            "If you cannot use something",
            (
                (
                    "Tell us what you wanted to do and what stopped you: we mend it or send you what you need in a form you"
                    " can use."
                ),
            ),
        ),
        Section(
            "How it was tested",
            (
                (
                    "With every change a machine opens each kind of page in a real browser, in both languages, in light, dark and"
                    " forced colours and on a screen 320 pixels wide, checks it by the rules of axe-core, and walks through it"
                    " by keyboard. That finds perhaps half of all faults. No person who depends on a screen reader has tested it yet."
                ),
            ),
        ),
    ),
    "privacy": (
        Section(
            "You",
            (
                (
                    "No cookies, no scripts, no counters, no pictures or fonts from elsewhere, no account. This site"
                    " writes down neither what you read nor what you search for."
                ),
                "The server must see the address that you ask from in order to answer. It is not passed on to anybody.",
            ),
        ),
        Section(
            "People named here",
            (
                (
                    "We record what public office-holders do in office, from published sources, in the public interest."
                    " Whoever is named may ask us to correct or remove it, and may complain to the Information"
                    " Commissioner."
                ),
                "Children, parents and other private people are not named, even where a source names them.",
            ),
        ),
    ),
    "data": (
        Section(
            "Take it all",
            (
                (
                    "Every table can be searched, filtered and downloaded as CSV or JSON in the data explorer, and asked"
                    " questions of in SQL. Add .json to the address of a table there: that is the API. No key is needed."
                ),
            ),
        ),
        Section(
            "Check it",
            (
                (
                    "What is recorded goes into an append-only log, a Merkle tree as used for web certificates (RFC 6962)."
                    " Its head is signed. Save the checkpoint today, and you can prove later whether anything"
                    " that was in the log then has been changed or taken out."
                ),
            ),
        ),
        Section(
            "Use it",
            (
                (
                    "Share and adapt it as you like; name this archive as where you have it from. Quotations remain those of"
                    " their publishers."
                ),
                (
                    "Addresses of records never change, so link to them. Please cite a record with the number of"
                    " the event that you saw, as in E12."
                ),
            ),
        ),
    ),
    "trust": (
        Section(
            "What that proves",
            (
                (
                    "Every fact goes into a log to which one can only add. From all of it a fingerprint is computed,"
                    " and signed: that is the checkpoint, a few lines of text."
                ),
                (
                    "Were a single letter of what was recorded changed, or a fact taken out, the fingerprint would be another"
                    " one. Whoever has kept an older checkpoint would see it, and could show it to others."
                ),
                (
                    "Where the law or a child’s privacy demands that words go, they go. That they did, when and why is"
                    " itself in the log, and cannot be taken out."
                ),
            ),
        ),
        Section(
            "What it does not prove",
            (
                "That a source was right, or that everything was recorded: only what stood here, and in which order.",
                (
                    "That others are shown the same as you. For that, compare your checkpoint with theirs, or trust one that"
                    " witnesses have signed."
                ),
            ),
        ),
    ),
    "subscribe": (
        Section(
            "How it works",
            (
                (
                    "A feed is an address that a program called a feed reader looks at for you. Copy an address from below"
                    " into your reader: from then on it shows you each new entry once. It costs nothing, and you can stop"
                    " whenever you like."
                ),
                "If you open such an address in a browser, you see the entries as a plain page.",
                (
                    "You need a reader first. Many e-mail programs have one built in, as Thunderbird does. There are free"
                    " readers for every telephone and computer; choose one that asks for no account."
                ),
            ),
        ),
    ),
}
