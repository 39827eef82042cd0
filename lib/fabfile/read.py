# Reads a fabfile of Fabric 1 without running any of it: what it assigns to env, as far as its text alone tells.
# Started as `python3 -I -S read.py PATH`, with the file's bytes on standard input; PATH stands for __file__.
# Writes one JSON object, whose form is in read.ts. For Python 3.8 and later.

import ast
import io
import json
import os.path
import re
import resource
import sys
import tokenize


class Unknown:
    """A value that the text alone does not tell, and why."""

    def __init__(self, why, line=None):
        self.why = why
        self.line = line


class Function:
    """A function or class of the fabfile."""

    def __init__(self, name, line):
        self.name = name
        self.line = line


class Setting:
    """What env.NAME is, and the statement that made it so."""

    def __init__(self, value, node):
        self.value = value
        self.node = node


def computed(node):
    return Unknown("its value is computed when the fabfile runs", node.lineno)


def formatted(node):
    return Unknown("its value is formatted when the fabfile runs", node.lineno)


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_word(value):
    """True for what may be a key, or be put into a text."""
    return isinstance(value, str) or is_number(value)


def unknown_in(values):
    return next((value for value in values if isinstance(value, Unknown)), None)


class Fabfile:
    def __init__(self, text, path):
        # Lines as Python counts them: str.splitlines() knows more ends of lines.
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.settings = {}
        # Why env.NAME may be another at times.
        self.doubts = {}
        self.names = {"__file__": path}
        # The full names of what is imported: "os.path" for path.
        self.imported = {"os": "os", "env": "fabric.state.env"}
        # Statements that do not count: (statement, name of the setting or None, why).
        self.left = []
        # Other code: (statement, kind, name).
        self.code = []
        # Why the statements that are looked at may not be run; None for those that are.
        self.condition = None

    # Names

    def dotted(self, node):
        """The full name of what is imported, such as "os.path.join"; None for all else."""
        if isinstance(node, ast.Name):
            return None if node.id in self.names else self.imported.get(node.id)
        if isinstance(node, ast.Attribute):
            above = self.dotted(node.value)
            return above and above + "." + node.attr
        return None

    def is_env(self, node):
        return (self.dotted(node) or "").endswith(".env")

    def setting_of(self, node):
        """NAME, of env.NAME and env["NAME"]; "?" where that is computed; None for all else."""
        if isinstance(node, ast.Attribute) and self.is_env(node.value):
            return node.attr
        if isinstance(node, ast.Subscript) and self.is_env(node.value):
            return self.name_in(index_of(node))
        return None

    def name_in(self, node):
        key = self.value(node)
        return key if isinstance(key, str) else "?"

    # Values: texts, numbers, True, False, None, lists (tuples, too), dicts, Unknown, Function.

    def value(self, node):
        method = getattr(self, "value_" + type(node).__name__, computed)
        return method(node)

    def value_Constant(self, node):
        known = node.value is None or isinstance(node.value, (str, int))
        return node.value if known else Unknown("its value is neither text nor whole number", node.lineno)

    def value_Name(self, node):
        if node.id in self.names:
            return self.names[node.id]
        full = self.imported.get(node.id)
        why = "is imported, as " + full if full else "is set nowhere before it"
        return Unknown("%s in it %s" % (node.id, why), node.lineno)

    def value_Attribute(self, node):
        name = self.setting_of(node)
        return computed(node) if name is None else self.setting(name, node)

    def setting(self, name, node):
        if name in self.doubts:
            return Unknown(self.doubts[name], node.lineno)
        if name in self.settings:
            return self.settings[name].value
        return Unknown("env.%s in it is set nowhere before it" % name, node.lineno)

    def value_Subscript(self, node):
        name = self.setting_of(node)
        if name is not None:
            return self.setting(name, node)
        container = self.value(node.value)
        key = self.value(index_of(node))
        if isinstance(container, (dict, list)) and is_word(key):
            try:
                return container[key]
            except (KeyError, IndexError, TypeError):
                pass
        return unknown_in([container, key]) or computed(node)

    def value_List(self, node):
        items = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                more = self.value(item.value)
                if not isinstance(more, list):
                    return computed(node)
                items += more
            else:
                items.append(self.value(item))
        return items

    value_Tuple = value_List

    def value_Dict(self, node):
        return self.entries(node, zip(node.keys, node.values))

    def entries(self, node, pairs):
        """A dict of expressions; without a key, the second one is a dict itself."""
        entries = {}
        for key, item in pairs:
            name = key if isinstance(key, str) else key and self.value(key)
            value = self.value(item)
            if key is None and isinstance(value, dict):
                entries.update(value)
            elif key is not None and is_word(name):
                entries[name] = value
            else:
                return unknown_in([name, value]) or computed(node)
        return entries

    def value_UnaryOp(self, node):
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub) and is_number(value):
            return -value
        return unknown_in([value]) or computed(node)

    def value_BinOp(self, node):
        return combined(node.op, self.value(node.left), self.value(node.right), node)

    def value_JoinedStr(self, node):
        return joined("", [self.value(part) for part in node.values], node)

    def value_FormattedValue(self, node):
        is_bare = node.conversion in (-1, ord("s")) and node.format_spec is None
        return self.value(node.value) if is_bare else formatted(node)

    def value_Lambda(self, node):
        return Function("a lambda", node.lineno)

    def value_Call(self, node):
        function = self.dotted(node.func)
        if function is None and isinstance(node.func, ast.Name) and node.func.id not in self.names:
            function = node.func.id
        if function == "dict":
            return self.made_dict(node)
        values = [self.value(argument) for argument in node.args]
        words = {word.arg: self.value(word.value) for word in node.keywords}
        text = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        unknown = unknown_in([*values, *words.values()])
        if unknown:
            return unknown
        if isinstance(text, str) and node.func.attr == "format":
            return filled_braces(text, values, words, node)
        if isinstance(text, str) and node.func.attr == "join" and len(values) == 1:
            return joined(text, values[0], node)
        if function == "str" and len(values) == 1 and is_word(values[0]):
            return str(values[0])
        if function in path_functions and all(isinstance(value, str) for value in values) and not words:
            return path_functions[function](values, node)
        return computed(node)

    def made_dict(self, node):
        """The dict of dict(a, b=c) and of update(a, b=c)."""
        pairs = [(None, argument) for argument in node.args]
        return self.entries(node, pairs + [(word.arg, word.value) for word in node.keywords])

    # Statements

    def run(self, body):
        for node in body:
            try:
                self.statement(node)
            except (RecursionError, MemoryError):
                self.left.append((node, None, "it is too long, or nested too deeply"))

    def statement(self, node):
        if isinstance(node, ast.Assign):
            self.assignment(node)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.value(node.value), node)
        elif isinstance(node, ast.AugAssign):
            value = combined(node.op, self.value(node.target), self.value(node.value), node)
            self.assign(node.target, value, node, again=False)
        elif isinstance(node, ast.Expr):
            if isinstance(node.value, ast.Call):
                self.call(node, node.value)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports(node)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self.delete(target, node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.definition(node)
        else:
            self.branches(node)

    def assignment(self, node):
        value = self.value(node.value)
        for target in node.targets:
            full = self.dotted(node.value)
            if isinstance(target, ast.Name) and full:
                # `e = env` is a second name for it.
                self.names.pop(target.id, None)
                self.imported[target.id] = full
            else:
                self.assign(target, value, node)

    def assign(self, target, value, node, again=True):
        if isinstance(target, (ast.Tuple, ast.List)):
            fits = isinstance(value, list) and len(value) == len(target.elts)
            for place, part in enumerate(target.elts):
                self.assign(part, value[place] if fits else computed(node), node)
            return
        name = self.setting_of(target)
        if name is not None:
            self.set(name, value, node, again)
        elif isinstance(target, ast.Name):
            # Under a condition, it is known already that it is not known: see branches().
            if self.condition is None:
                self.names[target.id] = value
        elif isinstance(target, ast.Subscript):
            key = self.value(index_of(target))
            self.change(target.value, {key: value} if is_word(key) else None, node)

    def set(self, name, value, node, again=True):
        """Sets env.NAME."""
        if self.condition:
            self.left.append((node, name, self.condition))
            self.doubts[name] = "env.%s in it may be set in line %d" % (name, node.lineno)
            return
        if again and name in self.settings:
            why = "line %d sets it again, which counts" % node.lineno
            self.left.append((self.settings[name].node, name, why))
        self.doubts.pop(name, None)
        self.settings[name] = Setting(value, node)

    def change(self, owner, more, node):
        """A dict gets the entries, or a list the items, of `more`; None stands for a change that is not understood."""
        container = self.value(owner)
        name = self.setting_of(owner)
        if self.condition:
            if name is not None or isinstance(container, (dict, list)):
                self.left.append((node, name, self.condition))
        elif isinstance(container, dict) and isinstance(more, dict):
            container.update(more)
        elif isinstance(container, list) and isinstance(more, list):
            container.extend(more)
        elif isinstance(container, dict):
            container[""] = Unknown("line %d changes it" % node.lineno, node.lineno)
        elif isinstance(container, list):
            container.append(Unknown("line %d changes it" % node.lineno, node.lineno))
        elif name is not None:
            self.left.append((node, name, "what it changes is not known"))

    def call(self, node, call):
        """A call that stands by itself: it sets something, or is other code."""
        function, arguments = call.func, call.args
        if isinstance(function, ast.Name) and function.id == "setattr" and len(arguments) == 3:
            if self.is_env(arguments[0]):
                self.set(self.name_in(arguments[1]), self.value(arguments[2]), node)
                return
        if isinstance(function, ast.Attribute):
            owner, method = function.value, function.attr
            if self.is_env(owner) and method in ("update", "setdefault"):
                self.env_method(node, call)
                return
            if method in ("update", "append", "extend", "setdefault", "insert", "pop", "remove", "clear"):
                self.change(owner, self.what_comes(method, call), node)
                return
        if self.condition is None:
            self.code.append((node, "call", name_of(function)))

    def what_comes(self, method, call):
        """What a method adds to its list or dict; None where that is not understood."""
        if method == "update":
            return self.made_dict(call)
        if method in ("append", "extend") and len(call.args) == 1:
            value = self.value(call.args[0])
            return [value] if method == "append" else value
        return None

    def env_method(self, node, call):
        """env.update(...), env.setdefault(...)"""
        if call.func.attr == "update":
            entries = self.made_dict(call)
        else:
            entries = {self.name_in(call.args[0]): self.value(call.args[1])} if len(call.args) == 2 else None
            if isinstance(entries, dict) and all(name in self.settings for name in entries):
                return
        if not isinstance(entries, dict):
            self.left.append((node, "?", computed(node).why))
            return
        for name, value in entries.items():
            self.set(str(name), value, node)

    def imports(self, node):
        module = "." * getattr(node, "level", 0) + (getattr(node, "module", None) or "")
        for alias in node.names:
            if alias.name == "*":
                self.star(module, node)
                continue
            name = alias.asname or alias.name.split(".")[0]
            full = alias.name if alias.asname else name
            self.names.pop(name, None)
            self.imported[name] = module + "." + alias.name if isinstance(node, ast.ImportFrom) else full

    def star(self, module, node):
        if module.split(".")[0] in ("fabric", "essay"):
            return
        self.code.append((node, "import", module))
        for name in self.names:
            if name != "__file__":
                why = "%s in it may come from the import in line %d" % (name, node.lineno)
                self.names[name] = Unknown(why, node.lineno)

    def delete(self, target, node):
        name = self.setting_of(target)
        if self.condition and name is not None:
            self.left.append((node, name, self.condition))
        elif name is not None:
            self.settings.pop(name, None)
        elif isinstance(target, ast.Name):
            self.names[target.id] = Unknown("%s in it is deleted" % target.id, node.lineno)
        elif isinstance(target, ast.Subscript):
            self.change(target.value, None, node)

    def definition(self, node):
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        self.code.append((node, kind, node.name))
        # What is its own is not the module's.
        outer = dict(self.names), dict(self.imported), list(self.code)
        self.under("it is in the %s %s" % (kind, node.name), node.body)
        self.names, self.imported, self.code = outer
        self.names[node.name] = Function(node.name, node.lineno)
        for part in ast.walk(node):
            for name in part.names if isinstance(part, ast.Global) else []:
                self.names[name] = Unknown("%s in it is set in %s" % (name, node.name), part.lineno)

    def branches(self, node):
        """Statements inside others: if, for, while, with, try, match."""
        condition = "it depends on line %d" % node.lineno
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                why = "%s in it is set in line %d, which depends on line %d" % (part.id, part.lineno, node.lineno)
                self.names[part.id] = Unknown(why, part.lineno)
        for part in [node, *getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            for block in ("body", "orelse", "finalbody"):
                self.under(condition, getattr(part, block, []))

    def under(self, condition, body):
        """Looks at statements that may not be run, or not once."""
        before, self.condition = self.condition, self.condition or condition
        try:
            for node in body:
                self.statement(node)
        finally:
            self.condition = before

    # What is written

    def text(self, node):
        """The beginning of a statement."""
        lines = [line[:200] for line in self.lines[node.lineno - 1 : min(node.end_lineno, node.lineno + 9)]]
        more = ["..."] if node.end_lineno > node.lineno + 9 else []
        return "\n".join(lines + more).strip()

    def result(self):
        return {
            "settings": [
                {"name": name, "line": node.lineno, "text": self.text(node), "value": Plain().of(setting.value)}
                for name, setting in self.settings.items()
                for node in [setting.node]
            ],
            "left": [
                {"name": name, "line": node.lineno, "text": self.text(node), "why": why}
                for node, name, why in self.left
            ],
            "code": [{"name": name, "line": node.lineno, "kind": kind} for node, kind, name in self.code],
        }


class Plain:
    """A value as JSON, with an object for what is no text, number or list; not endless."""

    room = 20000

    def of(self, value, depth=0):
        self.room -= len(value) if isinstance(value, str) else 1
        if self.room < 0 or depth > 5 or (is_number(value) and abs(value) >= 2**53):
            return {"unknown": "its value is too long, or nested too deeply", "line": None}
        if isinstance(value, Unknown):
            return {"unknown": value.why, "line": value.line}
        if isinstance(value, Function):
            return {"function": value.name, "line": value.line}
        if isinstance(value, list):
            return [self.of(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {"dict": [[self.of(key), self.of(item, depth + 1)] for key, item in value.items()]}
        return value


def index_of(node):
    """The expression in brackets; in Python 3.8 it is wrapped."""
    return node.slice.value if type(node.slice).__name__ == "Index" else node.slice


def name_of(function):
    """The name of what is called, without what it is called with."""
    if isinstance(function, ast.Attribute):
        return name_of(function.value) + "." + function.attr
    return function.id if isinstance(function, ast.Name) else "..."


def joined(between, parts, node):
    """Texts and numbers as one text."""
    if not isinstance(parts, list) or not all(is_word(part) for part in parts):
        return (unknown_in(parts) if isinstance(parts, list) else None) or computed(node)
    return between.join(str(part) for part in parts)


def combined(op, left, right, node):
    """left + right, and the like."""
    unknown = unknown_in([left, right])
    if unknown:
        return unknown
    if isinstance(op, ast.Mod) and isinstance(left, str):
        return filled_percents(left, right, node)
    if isinstance(op, ast.Add) and type(left) is type(right) and isinstance(left, (str, list)):
        # A text that is doubled again and again would take all memory.
        return left + right if len(left) + len(right) < 100000 else computed(node)
    small = all(is_number(value) and abs(value) < 10**9 for value in (left, right))
    operation = {ast.Add: int.__add__, ast.Sub: int.__sub__, ast.Mult: int.__mul__}.get(type(op))
    return operation(left, right) if small and operation else computed(node)


def filled_percents(text, values, node):
    """text % values, with %s, %d, %02d and %(name)s, and nothing that could make a text of any length."""
    places = re.findall(r"%%|%(?:\(\w+\))?(?:0?[1-9])?[sdi]", text)
    if text.count("%") != len(places) + places.count("%%"):
        return formatted(node)
    given = values if isinstance(values, list) else list(values.values()) if isinstance(values, dict) else [values]
    if not all(is_word(value) for value in given):
        return unknown_in(given) or formatted(node)
    try:
        return text % (tuple(values) if isinstance(values, list) else values)
    except (TypeError, ValueError, KeyError):
        return formatted(node)


def filled_braces(text, values, words, node):
    """text.format(...), with {}, {0} and {name}: what can stand behind these reaches into objects."""
    bare = re.fullmatch(r"(?:\{\{|\}\}|\{\w*\}|[^{}])*", text)
    if not bare or not all(is_word(value) for value in [*values, *words.values()]):
        return formatted(node)
    try:
        return text.format(*values, **words)
    except (IndexError, KeyError, ValueError):
        return formatted(node)


def of_one(function):
    return lambda paths, node: function(*paths) if len(paths) == 1 else computed(node)


def absolute(path):
    # By its text only: symbolic links stay, as the fabfile's own path has them.
    return os.path.normpath(path) if path.startswith("/") else Unknown("its value depends on where fab is run")


path_functions = {
    "os.path.join": lambda paths, node: os.path.join(*paths) if paths else computed(node),
    "os.path.dirname": of_one(os.path.dirname),
    "os.path.basename": of_one(os.path.basename),
    "os.path.normpath": of_one(os.path.normpath),
    "os.path.abspath": of_one(absolute),
    "os.path.realpath": of_one(absolute),
}


def read(source, path):
    encoding, trouble = "utf-8", None
    try:
        # PEP 263: a comment may name another encoding.
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError as error:
        trouble = str(error)
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        return {"error": "encoding", "line": line, "message": "it is not in %s" % encoding, "text": ""}
    if trouble:
        return {"error": "encoding", "line": 1, "message": trouble, "text": ""}
    try:
        tree = ast.parse(text, path)
        fabfile = Fabfile(text, path)
        fabfile.run(tree.body)
        return fabfile.result()
    except SyntaxError as error:
        line = error.lineno or 1
        lines = text.split("\n")
        here = lines[line - 1] if line <= len(lines) else ""
        return {"error": "syntax", "line": line, "message": error.msg, "text": here[:1000]}
    except ValueError as error:
        # Such as a NUL.
        return {"error": "syntax", "line": 1, "message": str(error), "text": ""}
    except (RecursionError, MemoryError):
        return {"error": "syntax", "line": 1, "message": "it is nested too deeply", "text": ""}


def limit(resource_, most):
    _, hard = resource.getrlimit(resource_)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource_, (soft, hard))


# Whatever else is written to take all of the machine ends here.
limit(resource.RLIMIT_AS, 2**29)
limit(resource.RLIMIT_CPU, 20)
json.dump(read(sys.stdin.buffer.read(), sys.argv[1]), sys.stdout)
