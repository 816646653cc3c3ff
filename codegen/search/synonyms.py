"""What means the same among tools: the verbs of their names, and the things they are about.

A word may be in several groups. What stands behind `;` means the same as the verbs before it, but is none. Everyday
words only; a server's own vocabulary is in its descriptions.
"""

from __future__ import annotations

from codegen.search.stems import stem
from codegen.search.words import STOP_WORDS, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_TEXT = 100_000
"""Characters of a workspace's own file that are read."""

_LOOKING = """
get fetch retrieve read show view display obtain load
list enumerate browse ; all
search find query lookup look discover locate seek
count ; number total
"""
_DOING = """
create add make insert generate build open ; new
delete remove erase drop destroy clear purge trash
update edit modify change alter adjust set revise patch
send post publish share submit deliver
rename move relocate
copy duplicate clone
run execute invoke launch start trigger
stop cancel abort terminate halt kill end
upload import
download export save
write store save append ; record
compare diff ; difference
join merge combine
split divide separate
analyze analyse examine inspect evaluate assess ; analysis
calculate compute ; computation calculator math
convert transform translate ; translation conversion
reply respond answer
summarize summarise ; summary overview digest
close finish complete resolve
subscribe follow watch
assign delegate
authenticate ; login signin auth
"""
_THINGS = """
check verify validate test
schedule calendar event appointment meeting
buy purchase order
book reserve reservation booking
recommend suggest suggestion recommendation advice
folder directory dir
file document doc
picture image photo photograph
movie film video
song music track
email mail message
message chat text
issue ticket bug
pr pull merge
repo repository
commit revision
task todo
person user people member contact profile
company business organization firm
price cost quote
stock share equity ticker
money currency finance
weather forecast temperature climate
location place address geocode
route direction navigation
map geographic
webpage page site website web url link
webpage html
screenshot snapshot capture
spreadsheet excel workbook sheet
presentation slide powerpoint
table database
row record
column field
chart graph plot diagram visualize visualization
news headline article
paper article publication literature research
recipe cook food meal
restaurant dining
hotel accommodation lodging
flight airline plane
trip travel journey tour vacation
car vehicle
job career employment vacancy
doctor medical health
law legal
house property estate
shop store product
shipment shipping delivery parcel courier carrier
lyric song
word term
code program script
log history
setting configuration config preference
entity node
relation relationship edge link
observation fact
note memo
timezone time clock
now current today
latest recent newest
trend trending popular hot
top best
rate rank ranking rating
info information detail
status state
comment feedback review
channel room
notify notification alert reminder
remind reminder
error exception
label tag category
"""
"""And verbs that are as often something else: a book, an order, a test."""

_known: dict[str, tuple[str, ...]] = {}
_actions: dict[str, tuple[str, ...]] = {}
_verbs: dict[str, bool] = {}


def synonyms(term: str) -> tuple[str, ...]:
    """The stems that mean about the same as a stem, itself left out."""
    if not _known:
        _known.update(_groups(_LOOKING + _DOING + _THINGS))
    return _known.get(term, ())


def actions(term: str) -> tuple[str, ...]:
    """Those that mean the same as something to do: `pull` is `merge` as a thing alone."""
    if not _actions:
        _actions.update(_groups(_LOOKING + _DOING))
    return _actions.get(term, ())


def does(term: str) -> bool | None:
    """Whether a stem is that of a verb that asks for more than to look; None for what is no verb."""
    if not _verbs:
        for groups, more in ((_LOOKING, False), (_DOING, True)):
            for line in groups.split("\n"):
                _verbs.update(dict.fromkeys(map(stem, line.partition(";")[0].split()), more))
    return _verbs.get(term)


def _groups(lines: str) -> dict[str, tuple[str, ...]]:
    return _by_stem(line.replace(";", "").split() for line in lines.split("\n"))


def own_synonyms(file: str) -> dict[str, tuple[str, ...]]:
    """The same from a workspace's own file: on each line what means the same, `#` begins a remark.

    A phrase (`past due, overdue`) counts by its words. A file that is missing or can't be read says nothing.
    """
    try:
        with open(file, encoding="utf-8", errors="replace") as lines:
            text = lines.read(MOST_TEXT)
    except OSError:
        return {}
    groups = (words(line.partition("#")[0]) for line in text.split("\n"))
    return _by_stem([word for word in line if word not in STOP_WORDS] for line in groups)


def _by_stem(groups: Iterable[list[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for group_words in groups:
        group = dict.fromkeys(map(stem, group_words))
        for term in group:
            found.setdefault(term, {}).update(group)
    return {term: tuple(other for other in group if other != term) for term, group in found.items()}
