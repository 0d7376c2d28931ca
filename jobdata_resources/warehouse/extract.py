"""A ``PageShape`` as SQL: one ``JSONExtract`` per page, then column expressions over its tuple.

The meaning of every path and kind is written down in ``crawler_core.platforms.fields``; a test holds this module
against ``items.read_items``. All leaves are extracted as text (the engine gives the shortest JSON text of numbers
and the compact text of objects) and arrays as arrays of text, because one wrongly typed member must never empty the
page. One ``JSONExtract`` with a tuple type costs half of one call per field (CLICKHOUSE, head).

Known differences from the Python reader, both far from what the platforms send: where an object is expected and an
array stands, the engine fills the members by position; of a member that occurs twice the engine takes the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crawler_core.platforms.fields import Field, PageShape, split_path
from jobdata_resources.warehouse import sqltext

__all__ = ["ITEM", "PageSql"]

ITEM = "it"
"""Alias of one item in the expressions below."""

_TYPES = {"text": "String", "json": "String", "int": "Int64", "float": "Float64", "bool": "Bool"}
_WHOLE = "^[+-]?[0-9]{1,19}$"
_DECIMAL = r"^[+-]?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?$"


@dataclass(slots=True)
class _Node:
    """What is wanted of one member: its text, its elements, members of its elements, its own members."""

    text: bool = False
    elements: bool = False
    element_members: set[str] = field(default_factory=set)
    members: dict[str, _Node] = field(default_factory=dict)

    @property
    def as_text(self) -> bool:
        """Wanted in two forms, or as text anyway: extracted as text, the other forms are read from that."""
        return self.text or bool(self.elements) + bool(self.element_members) + bool(self.members) != 1

    @property
    def type(self) -> str:
        if self.as_text:
            return "String"
        if self.elements:
            return "Array(String)"
        if self.element_members:
            return f"Array({_tuple(dict.fromkeys(sorted(self.element_members), 'String'))})"
        return _tuple({member: node.type for member, node in self.members.items()})


def _tuple(members: dict[str, str]) -> str:
    return "Tuple(" + ", ".join(f"{sqltext.name(member)} {kind}" for member, kind in members.items()) + ")"


@dataclass(frozen=True, slots=True)
class PageSql:
    """The SQL of one kind of page."""

    shape: PageShape

    @property
    def members(self) -> dict[str, str]:
        """The members of an item that are extracted, with their types."""
        return {member: node.type for member, node in self._tree().members.items()}

    @property
    def item_type(self) -> str:
        """The tuple one item is extracted into."""
        return _tuple(self.members)

    def items(self, body: str) -> str:
        """The array of items of a page, empty when there are none or the body does not parse."""
        return self._single(body) if self.shape.single else self._list(body)

    def _single(self, body: str) -> str:
        branches = []
        for path in self.shape.items:
            where = f"{body}, {sqltext.literals(split_path(path))}"
            item = f"JSONExtract({where}, {sqltext.literal(self.item_type)})"
            branches.append(f"JSONType({where}) = 'Object' AND JSONLength({where}) > 0, [{item}]")
        return f"multiIf({', '.join(branches)}, {self._no_items})"

    def _list(self, body: str) -> str:
        arrays: dict[str, object] = {}
        for path in self.shape.items:
            *parents, last = split_path(path)
            level = arrays
            for member in parents:
                level = level.setdefault(member, {})  # type: ignore[assignment]
            level[last] = None

        def kind(level: dict[str, object]) -> str:
            return _tuple(
                {
                    member: f"Array({self.item_type})" if inner is None else kind(inner)  # type: ignore[arg-type]
                    for member, inner in level.items()
                }
            )

        page = f"JSONExtract({body}, {sqltext.literal(kind(arrays))})"
        branches = []
        for number, members in enumerate(map(split_path, self.shape.items)):
            found = _element("page_json", members)
            first = _element(f"({page} AS page_json)", members) if number == 0 else found
            # An array without one readable member comes back empty: its items are counted all the same.
            where = f"{body}, {sqltext.literals(members)}"
            branches.append(f"notEmpty({first}), {found}")
            branches.append(
                f"JSONType({where}) = 'Array' AND JSONLength({where}) > 0,"
                f" arrayResize({self._no_items}, JSONLength({where}))"
            )
        return f"multiIf({', '.join(branches)}, {self._no_items})"

    @property
    def _no_items(self) -> str:
        return f"CAST([], {sqltext.literal(f'Array({self.item_type})')})"

    def column_type(self, item: Field) -> str:
        """The column's type."""
        return "Array(String)" if item.kind == "texts" else _TYPES[item.kind]

    def value(self, item: Field) -> str:
        """The column's value, over the alias ``it``."""
        candidates = [self._candidate(item, path) for path in item.paths]
        test = "notEmpty({0})" if item.kind == "texts" else "{0} != ''"
        if len(candidates) == 1:
            found = candidates[0]
        else:
            pairs = ", ".join(f"{test.format(one)}, {one}" for one in candidates[:-1])
            found = f"multiIf({pairs}, {candidates[-1]})"
        if item.kind == "int":
            return f"if(match({found}, '{_WHOLE}'), toInt64OrZero({found}), 0)"
        if item.kind == "float":
            return (
                f"if(match({found}, '{_DECIMAL}') AND isFinite(toFloat64OrZero({found})), toFloat64OrZero({found}), 0)"
            )
        if item.kind == "bool":
            return f"CAST({found} IN ('true', '1'), 'Bool')"
        return found

    @property
    def required(self) -> tuple[Field, ...]:
        """Fields an item is refused without; the id first."""
        rest = tuple(item for item in self.shape.fields[1:] if item.required)
        return (self.shape.id_field, *rest)

    def refused(self, items: str) -> str:
        """A map of refusal reason to count, over the array of items. The first missing field is the reason."""
        parts = []
        before = ""
        for required in self.required:
            missing = f"empty({self.value(required)})"
            parts.append(
                f"{sqltext.literal(refusal(required))}, toUInt32(arrayCount({ITEM} -> {before}{missing}, {items}))"
            )
            before += f"NOT {missing} AND "
        return f"mapFilter((k, v) -> v > 0, map({', '.join(parts)}))"

    def accepted(self) -> str:
        """The condition under which an item becomes a row, over the alias ``it``."""
        return " AND ".join(f"notEmpty({self.value(required)})" for required in self.required)

    def content_hash(self) -> str:
        """The 64-bit hash over the content columns, in the order of their names: moving a field changes nothing."""
        content = sorted(item.column for item in self.shape.fields if item.content)
        return f"cityHash64({sqltext.columns(content)})"

    def _tree(self) -> _Node:
        root = _Node()
        for item in self.shape.fields:
            for path in item.paths:
                node, *last = _walk(root, path)
                if last[0]:
                    node.element_members.add(last[0])
                elif item.kind == "texts":
                    node.elements = True
                else:
                    node.text = True
        return root

    def _candidate(self, item: Field, path: str) -> str:
        """The text, or for ``texts`` the non-empty texts, that one path gives."""
        node = self._tree()
        expression = ITEM
        members = split_path(path)
        for position, member in enumerate(members):
            inner = member.removesuffix("[]")
            if node.as_text and node.members and position:
                return self._from_text(item, expression, members[position:])
            expression = f"tupleElement({expression}, {sqltext.literal(inner)})"
            node = node.members[inner]
            if member.endswith("[]"):
                return self._of_elements(node, expression, members[position + 1])
        if item.kind != "texts":
            return expression
        texts = f"JSONExtract({expression}, 'Array(String)')" if node.as_text else expression
        return f"arrayFilter(x -> notEmpty(x), {texts})"

    @staticmethod
    def _of_elements(node: _Node, expression: str, member: str) -> str:
        if node.as_text:
            kind = f"Array({_tuple({member: 'String'})})"
            expression = f"JSONExtract({expression}, {sqltext.literal(kind)})"
        texts = f"arrayMap(x -> tupleElement(x, {sqltext.literal(member)}), {expression})"
        return f"arrayFilter(x -> notEmpty(x), {texts})"

    @staticmethod
    def _from_text(item: Field, text: str, members: tuple[str, ...]) -> str:
        """The rest of a path inside a member that had to be extracted as text; only objects are entered."""
        plain = tuple(member.removesuffix("[]") for member in members)
        if any(member.endswith("[]") for member in members):
            kind = f"Array({_tuple({plain[-1]: 'String'})})"
            found = f"JSONExtract({text}, {sqltext.literals(plain[:-1])}, {sqltext.literal(kind)})"
            found = f"arrayMap(x -> tupleElement(x, {sqltext.literal(plain[-1])}), {found})"
            return f"arrayFilter(x -> notEmpty(x), {found})"
        kind = "Array(String)" if item.kind == "texts" else "String"
        found = f"JSONExtract({text}, {sqltext.literals(plain)}, '{kind}')"
        if item.kind == "texts":
            return f"arrayFilter(x -> notEmpty(x), {found})"
        return f"if(startsWith({text}, '{{'), {found}, '')"


def refusal(required: Field) -> str:
    """The reason an item without this field is refused for."""
    return f"no {required.column}"


def _element(root: str, path: tuple[str, ...]) -> str:
    for member in path:
        root = f"tupleElement({root}, {sqltext.literal(member)})"
    return root


def _walk(root: _Node, path: str) -> tuple[_Node, str]:
    """The node a path ends in, made when missing, and the member wanted of its elements."""
    node = root
    members = split_path(path)
    for position, member in enumerate(members):
        node = node.members.setdefault(member.removesuffix("[]"), _Node())
        if member.endswith("[]"):
            rest = members[position + 1 :]
            if len(rest) != 1:
                raise ValueError(f"field path {path!r}: '[]' must be followed by exactly one member")
            return node, rest[0]
    return node, ""
