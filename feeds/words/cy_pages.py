"""Welsh: what the pages are called, and the pages that are prose."""

from __future__ import annotations

from feeds.words.catalogue import Helpline, PageWords, Section
from feeds.words.keys import Lines, Pages, Paths, Prose, Statuses

PATHS: Paths = {
    "records": "cofnodion",
    "removals": "dilewyd",
    "fixity": "gwiriadau",
    "events": "digwyddiadau",
    "commitments": "addewidion",
    "corrections": "cywiriadau",
    "timeline": "llinell-amser",
    "topics": "pynciau",
    "bodies": "cyrff",
    "people": "pobl",
    "numbers": "niferoedd",
    "search": "chwilio",
    "subscribe": "tanysgrifio",
    "about": "amdanom",
    "accessibility": "hygyrchedd",
    "privacy": "preifatrwydd",
    "data": "data",
    "calendar": "calendr",
    "trust": "ymddiried",
}

PAGES: Pages = {
    "commitments": PageWords(
        "Pwy addawodd beth, erbyn pryd",
        "Addewidion",
        "Pob addewid, dyletswydd a disgwyliad sydd ar gofnod: pwy sydd i’w wneud, erbyn pa ddiwrnod, ac a gafodd ei wneud."
        " Lle gellir darllen dyddiad terfyn mewn dwy ffordd, caiff y ddwy eu barnu.",
    ),
    "timeline": PageWords(
        "Beth ddigwyddodd, ddydd wrth ddydd",
        "Llinell amser",
        "Cyfarfodydd, adroddiadau, penderfyniadau, datganiadau a dyddiadau terfyn yn nhrefn eu dyddiau.",
    ),
    "corrections": PageWords(
        "Beth a gywirwyd",
        "Cywiriadau",
        "Pob camgymeriad a gywirwyd, pob peth a dynnwyd yn ôl a phob anghytundeb: yr hyn a oedd yma, yr hyn sydd yma nawr, a pham.",
    ),
    "topics": PageWords("Pynciau", "Pynciau", "Am beth mae’r cofnod yn sôn, bwnc wrth bwnc."),
    "bodies": PageWords(
        "Cynghorau, byrddau a chyrff eraill",
        "Cyrff",
        "Pwy sy’n penderfynu, pwy sy’n arolygu, pwy sy’n adrodd: beth mae pob un wedi’i addo a’i wneud.",
    ),
    "people": PageWords(
        "Pobl mewn swyddi",
        "Pobl",
        "Dim ond oherwydd eu swydd gyhoeddus y mae pobl yn cael eu henwi yma. Nid ydym yn dweud bod swydd heb ddiwedd"
        " yn parhau: rydym yn rhoi’r diwrnod olaf y mae ffynhonnell yn enwi ei deiliad.",
    ),
    "numbers": PageWords(
        "Y niferoedd",
        "Niferoedd",
        "Pob nifer sydd ar gofnod, gyda’i ddiwrnod a’i ffynhonnell. Mae bar rhagolwg neu gyllideb yn wag,"
        " rhag ei gymryd am yr hyn a ddigwyddodd.",
    ),
    "search": PageWords(
        "Chwilio", "Chwilio", "Chwiliwch drwy bob cofnod, yn Gymraeg neu yn Saesneg."
    ),
    "subscribe": PageWords(
        "Clywed beth sy’n newydd",
        "Tanysgrifio",
        "Dilynwch hyn i gyd, neu’r rhan sy’n bwysig i chi, heb gyfrif a heb ddweud wrthym pwy ydych chi.",
    ),
    "about": PageWords(
        "Am yr archif hon, a sut mae’n cael ei gwneud",
        "Amdanom",
        "Beth sy’n cael ei gofnodi, sut, a beth yw ystyr y geiriau ar y tudalennau hyn.",
    ),
    "accessibility": PageWords(
        "Datganiad hygyrchedd",
        "Hygyrchedd",
        "Sut mae’r wefan hon yn cael ei gwneud i bawb, a beth i’w wneud pan fydd yn eich siomi.",
    ),
    "privacy": PageWords(
        "Preifatrwydd", "Preifatrwydd", "Beth rydym yn ei wybod amdanoch: y nesaf peth i ddim."
    ),
    "data": PageWords(
        "Data ac API",
        "Data",
        "Gellir cael popeth sydd i’w weld yma fel data, yn rhydd i’w ddefnyddio, a’i wirio yn erbyn log llofnodedig.",
    ),
    "calendar": PageWords(
        "Dyddiadau terfyn a chyfarfodydd",
        "Calendr",
        "Erbyn pa ddiwrnod y mae rhywbeth i’w wneud, a phryd y mae cynghorau a byrddau’n cyfarfod: yr hyn sydd i ddod,"
        " yna’r hyn a fu.",
    ),
    "trust": PageWords(
        "Gwiriwch ni eich hun",
        "Ymddiried",
        "Ni ellir newid dim sydd wedi’i gofnodi yma heb i neb sylwi. Nid oes rhaid i chi gymryd ein gair am hynny:"
        " mae dau orchymyn yn ei wirio, ar eich cyfrifiadur eich hun.",
    ),
}

STATUSES: Statuses = {
    "due": "Heb gyrraedd eto",
    "met": "Gwnaed mewn pryd",
    "late": "Gwnaed, ond yn hwyr",
    "missed": "Ni wnaed mewn pryd",
    "unknown": "Anhysbys",
    "depends on reading": "Yn dibynnu ar sut mae darllen y dyddiad terfyn",
    "superseded": "Disodlwyd neu tynnwyd yn ôl",
    "undatable": "Dim diwrnod i’w farnu wrtho",
}

LINES: Lines = {
    "meeting": "Cyfarfod",
    "document": "Dogfen",
    "statement": "Datganiad",
    "development": "Datblygiad",
    "due": "Dyddiad terfyn",
    "outcome": "Canlyniad",
    "figure": "Nifer",
    "took office": "Dechrau mewn swydd",
    "left office": "Gadael swydd",
    "set up": "Sefydlu",
    "wound up": "Dirwyn i ben",
}

HELPLINES = (
    Helpline("Childline", "0800 1111", "i unrhyw un o dan 19 oed, ar unrhyw awr"),
    Helpline(
        "Meic", "080880 23456", "i blant a phobl ifanc yng Nghymru, yn Gymraeg neu yn Saesneg"
    ),
    Helpline("NSPCC", "0808 800 5000", "i oedolion sy’n poeni am blentyn"),
    Helpline("Samariaid", "116 123", "i unrhyw un, ar unrhyw awr"),
)

PROSE: Prose = {
    "about": (
        Section(
            "Beth sy’n cael ei gofnodi",
            (
                (
                    "Rydym yn darllen erthyglau, adroddiadau, cofnodion cyfarfodydd a datganiadau fesul un. Caiff pob ffaith"
                    " ynddyn nhw ei chofnodi ar wahân: pwy ddywedodd hi, ar ba ddiwrnod, ym mha ddarn o ba ffynhonnell."
                ),
                "Mae dyfyniadau byr yn y geiriau a ddefnyddiwyd. Mae popeth arall yn ein geiriau ni ein hunain, yn Saesneg gan mwyaf.",
            ),
        ),
        Section(
            "Beth nad yw hwn",
            (
                (
                    "Nid barn ar unrhyw berson yw hwn, ac nid lle i ofyn am help gyda phlentyn: ar gyfer hynny, gweler y"
                    " llinellau cymorth isod neu ffoniwch wasanaethau plant y cyngor. Mewn argyfwng, ffoniwch 999."
                ),
                (
                    "Nid oes plentyn na theulu yn cael eu henwi yma, byth. Dim ond am yr hyn a wnânt mewn swydd gyhoeddus y"
                    " caiff oedolion eu henwi."
                ),
                "Nid yw’n gyflawn: mae’n cynnwys yr hyn a gyhoeddwyd ac y llwyddom i’w ddarllen hyd yma.",
            ),
        ),
        Section(
            "Beth sy’n digwydd i gamgymeriadau",
            (
                (
                    "Nid oes dim yn cael ei drosysgrifo. Mae cywiriad yn dangos yr hen eiriau wrth ochr y rhai newydd, gyda’r"
                    " rheswm a’r diwrnod, ac mae’n cael ei gyhoeddi yn y ffrydiau. Lle mae ffynonellau’n anghytuno, mae’r ddwy"
                    " i’w gweld."
                ),
                (
                    "Pan fydd y gyfraith neu breifatrwydd plentyn yn mynnu hynny, caiff geiriau eu tynnu. Mae’r ffaith i hynny"
                    " ddigwydd, pryd a pham, yn aros."
                ),
            ),
        ),
        Section(
            "Sut mae barnu addewid",
            (
                (
                    "Ar sail y diwrnod a gofnodwyd ar gyfer ei ganlyniad yn unig, nid ar fwriad nac ymdrech. Gwnaed ar y diwrnod"
                    " olaf y mae’r dyddiad terfyn yn ei ganiatáu neu cyn hynny: gwnaed mewn pryd. Yn sicr wedi hynny: gwnaed,"
                    " ond yn hwyr."
                ),
                (
                    "Lle mae ffynhonnell yn dweud na chafodd ei wneud a’r diwrnod wedi bod: ni wnaed mewn pryd. Lle nad oes"
                    " ffynhonnell yn dweud, rydym yn dweud ei fod yn anhysbys. Nid yw anhysbys yn golygu methu."
                ),
                "Gellir darllen rhai dyddiadau terfyn mewn mwy nag un ffordd. Yna caiff pob darlleniad ei farnu ar wahân.",
            ),
        ),
        Section(
            "Hawl i ateb",
            (
                (
                    "Os ydych yn cael eich enwi yma a bod rhywbeth yn anghywir neu’n unochrog, dywedwch wrthym. Rydym yn cofnodi’r"
                    " hyn a ddywedwch gyda’r ffaith dan sylw, ac yn cywiro’n agored yr hyn sy’n anghywir."
                ),
            ),
        ),
    ),
    "accessibility": (
        Section(
            "Beth allwch chi ei ddisgwyl",
            (
                (
                    "Ein nod yw lefel AA y Canllawiau Hygyrchedd Cynnwys Gwe (WCAG) 2.2. Mae pob tudalen yn gweithio gyda’r"
                    " bysellfwrdd yn unig, heb sgriptiau, wedi’i chwyddo i 400 % ac ar sgrin 320 picsel o led."
                ),
                (
                    "Mae tudalennau’n dilyn eich gosodiadau ar gyfer lliwiau tywyll, cyferbyniad a maint testun. Nid oes ystyr"
                    " yn dibynnu ar liw yn unig, ac mae tabl o’r niferoedd wrth ymyl pob siart."
                ),
            ),
        ),
        Section(
            "Beth sydd ddim fel y dylai fod",
            (
                (
                    "Mae teitlau a dyfyniadau’n aros yn iaith eu ffynhonnell; maen nhw wedi’u nodi fel bod darllenydd sgrin yn"
                    " newid ei lais. Rhaglen pobl eraill yw’r archwiliwr data, ac mae angen sgriptiau ar rannau ohono."
                ),
                "Nid yw’r erthyglau eu hunain gennym, felly ni allwn eu gwneud yn hygyrch.",
            ),
        ),
        Section(
            "Os na allwch ddefnyddio rhywbeth",
            (
                (
                    "Dywedwch wrthym beth roeddech am ei wneud a beth wnaeth eich rhwystro: byddwn yn ei drwsio neu’n anfon yr hyn"
                    " sydd ei angen arnoch mewn ffurf y gallwch ei defnyddio."
                ),
            ),
        ),
        Section(
            "Sut cafodd ei brofi",
            (
                (
                    "Gyda phob newid mae peiriant yn agor pob math o dudalen mewn porwr go iawn, yn y ddwy iaith, mewn lliwiau golau,"
                    " tywyll a gorfodol ac ar sgrin 320 picsel o led, yn ei gwirio yn ôl rheolau axe-core, ac yn mynd drwyddi"
                    " gyda’r bysellfwrdd. Mae hynny’n canfod hanner y diffygion efallai. Nid oes neb sy’n dibynnu ar ddarllenydd sgrin wedi’i phrofi eto."
                ),
            ),
        ),
    ),
    "privacy": (
        Section(
            "Chi",
            (
                (
                    "Dim cwcis, dim sgriptiau, dim cyfrif ymwelwyr, dim lluniau na ffontiau o fannau eraill, dim cyfrif. Nid yw’r"
                    " wefan hon yn cofnodi’r hyn rydych yn ei ddarllen na’r hyn rydych yn chwilio amdano."
                ),
                "Rhaid i’r gweinydd weld y cyfeiriad rydych yn gofyn ohono er mwyn ateb. Nid yw’n cael ei roi i neb arall.",
            ),
        ),
        Section(
            "Pobl sy’n cael eu henwi yma",
            (
                (
                    "Rydym yn cofnodi beth mae deiliaid swyddi cyhoeddus yn ei wneud yn eu swydd, o ffynonellau a gyhoeddwyd, er"
                    " budd y cyhoedd. Gall unrhyw un sy’n cael ei enwi ofyn i ni ei gywiro neu ei dynnu, a gall gwyno wrth y"
                    " Comisiynydd Gwybodaeth."
                ),
                "Nid yw plant, rhieni a phobl breifat eraill yn cael eu henwi, hyd yn oed lle mae ffynhonnell yn eu henwi.",
            ),
        ),
    ),
    "data": (
        Section(
            "Cymryd y cyfan",
            (
                (
                    "Gallwch chwilio pob tabl, ei hidlo a’i lawrlwytho fel CSV neu JSON yn yr archwiliwr data, a gofyn cwestiynau"
                    " iddo mewn SQL. Ychwanegwch .json at gyfeiriad tabl yno: dyna’r API. Nid oes angen allwedd."
                ),
            ),
        ),
        Section(
            "Ei wirio",
            (
                (
                    "Mae’r hyn sy’n cael ei gofnodi yn mynd i log na ellir ond ychwanegu ato, sef coeden Merkle fel y rhai ar gyfer"
                    " tystysgrifau gwe (RFC 6962). Mae ei ben wedi’i lofnodi. Cadwch y pwynt gwirio heddiw, a gallwch brofi"
                    " yn nes ymlaen a gafodd unrhyw beth oedd yn y log bryd hynny ei newid neu ei dynnu allan."
                ),
            ),
        ),
        Section(
            "Ei ddefnyddio",
            (
                (
                    "Rhannwch ac addaswch fel y mynnwch; enwch yr archif hon fel y man y cawsoch hyd iddo. Mae dyfyniadau’n dal i"
                    " berthyn i’w cyhoeddwyr."
                ),
                (
                    "Nid yw cyfeiriadau cofnodion byth yn newid, felly cysylltwch â nhw. Wrth ddyfynnu cofnod, rhowch rif y"
                    " digwyddiad a welsoch, fel yn E12."
                ),
            ),
        ),
    ),
    "trust": (
        Section(
            "Beth mae hynny’n ei brofi",
            (
                (
                    "Mae pob ffaith yn mynd i log na ellir ond ychwanegu ato. O’r cyfan ohono caiff ôl bys ei gyfrifo, a’i"
                    " lofnodi: dyna’r pwynt gwirio, ychydig linellau o destun."
                ),
                (
                    "Pe bai un llythyren o’r hyn a gofnodwyd yn cael ei newid, neu ffaith yn cael ei thynnu allan, byddai’r ôl"
                    " bys yn un arall. Byddai pwy bynnag a gadwodd bwynt gwirio hŷn yn ei weld, ac yn gallu ei ddangos i eraill."
                ),
                (
                    "Pan fydd y gyfraith neu breifatrwydd plentyn yn mynnu bod geiriau’n mynd, maen nhw’n mynd. Mae’r ffaith"
                    " iddynt fynd, pryd a pham, ei hun yn y log, ac ni ellir ei thynnu allan."
                ),
            ),
        ),
        Section(
            "Beth nad yw’n ei brofi",
            (
                "Bod ffynhonnell yn gywir, neu fod popeth wedi’i gofnodi: dim ond beth oedd yma, ac ym mha drefn.",
                (
                    "Bod eraill yn gweld yr un peth â chi. Ar gyfer hynny, cymharwch eich pwynt gwirio â’u rhai nhw, neu"
                    " ymddiriedwch mewn un y mae tystion wedi’i lofnodi."
                ),
            ),
        ),
    ),
    "subscribe": (
        Section(
            "Sut mae’n gweithio",
            (
                (
                    "Cyfeiriad y mae rhaglen o’r enw darllenydd ffrydiau yn edrych arno drosoch yw ffrwd. Copïwch gyfeiriad o’r"
                    " rhestr isod i’ch darllenydd: o hynny ymlaen bydd yn dangos pob cofnod newydd i chi unwaith. Nid yw’n costio"
                    " dim, a gallwch roi’r gorau iddi pryd bynnag y mynnwch."
                ),
                "Os byddwch yn agor cyfeiriad o’r fath mewn porwr, byddwch yn gweld y cofnodion fel tudalen blaen.",
                (
                    "Bydd angen darllenydd arnoch yn gyntaf. Mae gan lawer o raglenni e-bost un yn rhan ohonynt, fel Thunderbird."
                    " Mae darllenwyr am ddim ar gyfer pob ffôn a chyfrifiadur; dewiswch un nad yw’n gofyn am gyfrif."
                ),
            ),
        ),
    ),
}
