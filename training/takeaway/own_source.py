"""The app's own source as one plain program: what a piece of code needs of `models` and `training`, and nothing else.

It is cut out of the installed files, so it cannot differ from what the app runs. Methods that nobody calls, abstract
ones and the shapes in annotations are left out; everything else, comments too, stays as it was written.
"""

import ast
import builtins
import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

from training.system.errors import UserError

__all__ = ["Part", "Program", "cut_out", "import_rank", "method_source"]

OURS = ("models", "training")
IMPLICIT = {"forward", "backward"}  # torch calls them
LEFT_OUT = {"ABC", "Generic", "final", "abstractmethod", "override"}
TYPES = "jaxtyping"
LONGEST_LINE = 120
_AFTER_WORDS = re.compile(r'("""\n)(    \w+(?:: [^\n=]+)? = )')
_SIGNATURE = re.compile(r"^( *def \w+\()\n +([^\n]*[^,\n])\n *(\)[^\n]*:)$", re.MULTILINE)
_REMARK = re.compile(r"[ \t]*# (?:type: ignore|noqa)[^\n]*")

Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Part:
    """What is needed of one module: its name, its first line of words, and its definitions as they stand there."""

    module: str
    about: str
    code: str


@dataclass(frozen=True)
class Program:
    """Imports of others' packages, then what is needed of each module, in an order in which it can be run.

    Attributes:
        asked: every name that the code asks of an object.
    """

    imports: list[str]
    parts: list[Part]
    asked: frozenset[str]


class _Module:
    """One of our modules, parsed.

    Attributes:
        own: its definitions by name.
        others: what its imports give: the module, and the name there.
    """

    def __init__(self, module: ModuleType) -> None:
        self.name = module.__name__
        self.source = inspect.getsource(module).encode()
        self._starts = [0]
        for line in self.source.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        tree = ast.parse(self.source)
        self.about = (ast.get_docstring(tree) or "").partition("\n")[0]
        self.own: dict[str, Definition] = {}
        self.others: dict[str, tuple[str, str]] = {}
        for node in tree.body:
            self._note(node)

    def _note(self, node: ast.stmt) -> None:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                self.own[name] = node
            case ast.Assign(targets=targets):
                named = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                self.own |= dict.fromkeys(named, node)
            case ast.AnnAssign(target=ast.Name(id=name)):
                self.own[name] = node
            case ast.ImportFrom(module=str(source), names=names):
                self.others |= {each.asname or each.name: (source, each.name) for each in names}
            case ast.Import(names=names):
                self.others |= {each.asname or each.name: (each.name, "") for each in names}

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node stands in the source, its decorators included, in bytes."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        begin = self._starts[first - 1] + (node.col_offset if first == node.lineno else 0)
        return begin, self._starts[node.end_lineno - 1] + node.end_col_offset

    def lines(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The whole lines of a node, with the empty ones and the comments before it."""
        begin, end = self.span(node)
        first = self.source.count(b"\n", 0, begin)
        while first and re.match(rb"[ \t]*(#.*)?$", self.source[self._starts[first - 1] : self._starts[first] - 1]):
            first -= 1
        return self._starts[first], self.source.find(b"\n", end) + 1


@cache
def _parsed(name: str) -> _Module:
    return _Module(sys.modules.get(name) or importlib.import_module(name))


@dataclass
class _Cut:
    """What was found to be needed so far: definitions, names that code asks of objects, imports of others."""

    needed: dict[tuple[str, str], None] = field(default_factory=dict)
    asked: set[str] = field(default_factory=lambda: set(IMPLICIT))
    imports: dict[str, str] = field(default_factory=dict)
    config: str = ""


def cut_out(program: str, roots: dict[str, type | object], *, config: type, methods: Iterable[object] = ()) -> Program:
    """What a program needs of our modules.

    Arguments:
        program: its own code.
        roots: what the names in it mean that it takes from our modules: classes and functions.
        config: a class that the program defines itself.
        methods: functions of that class that the program takes over as they are.

    Raises:
        UserError: the modules cannot be put into one program: one name means two things in it.
    """
    cut = _Cut(config=config.__name__)
    tree = ast.parse(program)
    cut.asked |= _asked(tree)
    used = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    for name, meant in roots.items():
        if name in used:
            _need(cut, _parsed(meant.__module__), name)
    for method in methods:
        module = _parsed(method.__module__)
        node = _method(module, method)
        cut.asked |= _asked(node)
        _need_names(cut, module, node)
    _follow(cut)
    parts = [Part(name, _parsed(name).about, _code(cut, _parsed(name))) for name in _in_order(cut)]
    imports = sorted(set(cut.imports.values()), key=import_rank)
    return Program(imports, [part for part in parts if part.code], frozenset(cut.asked))


def _follow(cut: _Cut) -> None:
    """Find what is needed of what is needed, until nothing new is asked for."""
    while True:
        before = len(cut.needed), len(cut.asked), len(cut.imports)
        for name, definition in list(cut.needed):
            module = _parsed(name)
            for node in _kept(cut, module, module.own[definition]):
                cut.asked |= _asked(node)
                _need_names(cut, module, node)
        if (len(cut.needed), len(cut.asked), len(cut.imports)) == before:
            break


def method_source(method: object) -> str:
    """A method as it stands in its class, indented as there."""
    module = _parsed(method.__module__)
    begin, end = module.span(_method(module, method))
    line = module.source.rfind(b"\n", 0, begin) + 1
    return _REMARK.sub("", module.source[line:end].decode())


def _method(module: _Module, method: object) -> ast.FunctionDef:
    owner, _, name = method.__qualname__.rpartition(".")  # type: ignore[attr-defined]
    found = next(each for each in module.own[owner].body if getattr(each, "name", "") == name)  # type: ignore[union-attr]
    assert isinstance(found, ast.FunctionDef)
    return found


def import_rank(line: str) -> tuple[bool, bool, str]:
    """A key to sort imports by: the standard library first, whole modules before names of one."""
    package = line.split()[1].partition(".")[0]
    return package not in sys.stdlib_module_names, line.startswith("from"), line


def _asked(node: ast.AST) -> set[str]:
    return {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def _need(cut: _Cut, module: _Module, name: str) -> None:
    """Whatever a name in a module means."""
    if name == cut.config or name in LEFT_OUT:
        return
    if name in module.own:
        if any(known == name and other != module.name for other, known in cut.needed):
            raise UserError(f"One program cannot hold this model: {name} means two things in its modules.")
        cut.needed[module.name, name] = None
    elif name in module.others:
        source, original = module.others[name]
        if source.partition(".")[0] not in OURS:
            as_name = f" as {name}" if name not in (original, source) else ""
            line = f"from {source} import {original}{as_name}" if original else f"import {source}{as_name}"
            if cut.imports.setdefault(name, line) != line:
                raise UserError(f"One program cannot hold this model: {name} means two things in its modules.")
        elif original != name or name not in (*_parsed(source).own, *_parsed(source).others):
            raise UserError(
                f"One program cannot hold this model: {module.name} imports {name} as a module or renames it."
            )
        else:
            _need(cut, _parsed(source), name)


def _need_names(cut: _Cut, module: _Module, node: ast.AST) -> None:
    for each in _without_annotations(node):
        if isinstance(each, ast.Name):
            _need(cut, module, each.id)
    for annotation in _annotations(node):
        for name in _names_in(module, annotation):
            if name in module.others and module.others[name][0].partition(".")[0] not in OURS:
                _need(cut, module, name)


def _without_annotations(node: ast.AST) -> Iterator[ast.AST]:
    left_out = set(map(id, _annotations(node)))
    todo = [node]
    while todo:
        each = todo.pop()
        if id(each) in left_out or (isinstance(each, ast.Name) and each.id in LEFT_OUT):
            continue
        yield each
        todo += ast.iter_child_nodes(each)


def _annotations(node: ast.AST) -> list[ast.expr]:
    found: list[ast.expr | None] = []
    for each in ast.walk(node):
        match each:
            case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation):
                found.append(annotation)
            case ast.FunctionDef(returns=returns):
                found.append(returns)
    return [each for each in found if each is not None]


def _is_shape(module: _Module, node: ast.AST) -> bool:
    """Float[Tensor, "batch z"] and the like."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
        return False
    return module.others.get(node.value.id, ("", ""))[0] == TYPES


def _names_in(module: _Module, annotation: ast.expr) -> set[str]:
    """The names in an annotation once shapes are plain tensors."""
    names, todo = set[str](), [annotation]
    while todo:
        each = todo.pop()
        if _is_shape(module, each):
            names.add("Tensor")
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            todo.append(ast.parse(each.value, mode="eval").body)
        else:
            names |= {each.id} if isinstance(each, ast.Name) else set()
            todo += [child for child in ast.iter_child_nodes(each) if isinstance(child, ast.expr)]
    return names


def _kept(cut: _Cut, module: _Module, definition: Definition) -> Iterator[ast.AST]:
    """The parts of a definition that the program has."""
    if not isinstance(definition, ast.ClassDef):
        yield definition
        return
    yield from (base for base in definition.bases if not _is_empty_base(cut, module, base))
    yield from (each for each in definition.decorator_list)
    yield from (each for each in definition.body if _is_kept(cut, definition, each))


def _is_kept(cut: _Cut, owner: ast.ClassDef, member: ast.stmt) -> bool:
    match member:
        case ast.FunctionDef(name=name, decorator_list=decorators):
            if any(isinstance(each, ast.Name) and each.id == "abstractmethod" for each in decorators):
                return False
            return name in cut.asked or (name.startswith("__") and name.endswith("__"))
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            if any(isinstance(base, ast.Name) and base.id == "NamedTuple" for base in owner.bases):
                return True
            return value is not None and name in cut.asked
        case ast.Assign(targets=targets):
            return any(isinstance(each, ast.Name) and each.id in cut.asked for each in targets)
    return isinstance(member, ast.Expr) and isinstance(member.value, ast.Constant)


def _is_empty_base(cut: _Cut, module: _Module, base: ast.expr) -> bool:
    """Whether a class inherits nothing from a base that the program uses."""
    name = next((each.id for each in ast.walk(base) if isinstance(each, ast.Name)), "")
    if name in LEFT_OUT:
        return True
    while name in module.others and module.others[name][0].partition(".")[0] in OURS:
        module = _parsed(module.others[name][0])
    definition = module.own.get(name)
    if not isinstance(definition, ast.ClassDef):
        return False
    members = [each for each in definition.body if _is_kept(cut, definition, each) and not isinstance(each, ast.Expr)]
    return not members and all(_is_empty_base(cut, module, each) for each in definition.bases)


def _in_order(cut: _Cut) -> list[str]:
    """The modules, each after those that it imports from."""
    wanted, ordered = {module for module, _ in cut.needed}, dict[str, None]()

    def visit(name: str) -> None:
        for source, original in _parsed(name).others.values():
            if source.partition(".")[0] in OURS and source not in ordered and original:
                visit(source)
        if name in wanted:
            ordered[name] = None

    for name in sorted(wanted):
        visit(name)
    return list(ordered)


def _code(cut: _Cut, module: _Module) -> str:
    """The needed definitions of a module, in their order, edited."""
    definitions = list(
        {id(module.own[name]): module.own[name] for own, name in cut.needed if own == module.name}.values()
    )
    definitions.sort(key=lambda node: node.lineno)
    pieces = [_edited(cut, module, node) for node in definitions]
    text = ""
    for node, piece, before in zip(definitions, pieces, [None, *definitions], strict=False):
        plain = isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(before, ast.Assign | ast.AnnAssign)
        text += ("" if before is None else "\n" if plain else "\n\n\n") + piece
    return text


def _edited(cut: _Cut, module: _Module, node: Definition) -> str:
    edits: list[tuple[int, int, bytes]] = []
    begin, end = module.span(node)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        end = module.source.find(b"\n", end)  # with what is remarked after it
    if isinstance(node, ast.ClassDef):
        gone = [each for each in node.body if not _is_kept(cut, node, each)]
        edits += [(*module.lines(each), b"") for each in gone]
        kept = [each for each in node.bases if not _is_empty_base(cut, module, each)]
        if len(kept) < len(node.bases):
            first, last = module.span(node.bases[0])[0], module.span(node.bases[-1])[1]
            bases = b", ".join(module.source[slice(*module.span(each))] for each in kept)
            edits.append((first, last, bases) if bases else (first - 1, last + 1, b""))
        if len(gone) == len(node.body):
            edits.append((end, end, b"\n    pass"))
    for decorator in getattr(node, "decorator_list", []):
        if isinstance(decorator, ast.Name) and decorator.id in LEFT_OUT:
            edits.append((*module.lines(decorator), b""))
    for annotation in _annotations(node):
        edits += _plain_annotation(cut, module, annotation)
    removed = [(first, last) for first, last, new in edits if not new and b"\n" in module.source[first:last]]
    edits = [
        each
        for each in edits
        if each[:2] in removed or not any(first <= each[0] and each[1] <= last for first, last in removed)
    ]
    source = module.source
    for first, last, new in sorted(set(edits), reverse=True):
        source = source[: max(first, begin)] + new + source[last:]
        end += len(new) - (last - max(first, begin))
    text = _REMARK.sub("", source[begin:end].decode()).strip("\n")
    text = _AFTER_WORDS.sub(r"\1\n\2", text)
    return _SIGNATURE.sub(_on_one_line, text)


def _on_one_line(signature: re.Match[str]) -> str:
    """A signature that needs one line alone, now that its shapes are gone."""
    one = f"{signature[1]}{signature[2]}{signature[3]}"
    return one if len(one) <= LONGEST_LINE else signature[0]


def _plain_annotation(cut: _Cut, module: _Module, annotation: ast.expr) -> Iterator[tuple[int, int, bytes]]:
    """Edits that leave an annotation without shapes, or without anything where it names what the program lacks."""
    known = {name for _, name in cut.needed} | cut.imports.keys() | {cut.config} | set(dir(builtins))
    if _names_in(module, annotation) <= known:
        todo: list[ast.AST] = [annotation]
        while todo:
            each = todo.pop()
            if _is_shape(module, each):
                assert isinstance(each, ast.Subscript)
                yield *module.span(each), b"Tensor"
            else:
                todo += ast.iter_child_nodes(each)
        return
    first, last = module.span(annotation)
    sign = max(module.source.rfind(b":", 0, first), module.source.rfind(b"->", 0, first))
    yield len(module.source[:sign].rstrip()), last, b""
