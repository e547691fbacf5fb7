#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes C tables (see tables.h) of a description in syzkaller's language.

usage: syzlang.py DESCRIPTION HEADER.. > TABLES.c

Knows what matenet.txt uses of the language.  What the HEADERs say of the interface must
be in the description: each ioctl, and each struct with the right size and places of its
fields, which the C compiler checks.
"""

import re
import sys

INTS = {"int8": 1, "int16": 2, "int32": 4, "int64": 8, "intptr": 8}
# What is used of syzkaller's other files.
BUILTIN_FLAGS = {"send_flags": ["0", "0", "MSG_DONTWAIT"]}
TOKEN = re.compile(r'\s*("[^"]*"|[A-Za-z_][\w$]*|0x[0-9a-fA-F]+|-?\d+|[][,:()])')


class Wrong(Exception):
    pass


def tokens(text):
    out, at = [], 0
    text = text.rstrip()
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise Wrong(f"cannot read: {text[at:]}")
        out.append(m.group(1))
        at = m.end()
    return out


def expression(toks):
    """NAME, NAME[ARG, ..], NUMBER or "TEXT", and A:B: as (name, args) or a range."""
    head = toks.pop(0)
    args = []
    if toks and toks[0] == "[":
        toks.pop(0)
        while True:
            args.append(expression(toks))
            if toks.pop(0) == "]":
                break
    if toks and toks[0] == ":":
        toks.pop(0)
        return (":", [head, toks.pop(0)])
    return (head, args)


class Description:
    def __init__(self, lines):
        self.includes, self.defines, self.resources, self.flags = [], [], {}, {}
        self.compounds, self.calls = {}, []
        compound = None
        for number, line in enumerate(lines, 1):
            line = re.sub(r"(^|\s)#.*", "", line.rstrip())
            try:
                if not line.strip():
                    continue
                if compound:
                    compound = self.member(compound, line)
                else:
                    compound = self.top(line)
            except (Wrong, IndexError, KeyError) as e:
                sys.exit(f"{sys.argv[1]}:{number}: {e}")

    def member(self, compound, line):
        if line[0] in "}]":
            compound["varlen"] = "[varlen]" in line
            return None
        name, rest = line.split(None, 1)
        out = rest.endswith("(out)")
        if out:
            rest = rest[:-len("(out)")]
        compound["members"].append((name, expression(tokens(rest)), out))
        return compound

    def top(self, line):
        if m := re.fullmatch(r"include (<.*>)", line):
            self.includes.append(m.group(1))
        elif m := re.fullmatch(r"define (\w+)\s+(.*)", line):
            self.defines.append(m.groups())
        elif m := re.fullmatch(r"resource (\w+)\[(\w+)\](: .*)?", line):
            self.resources[m.group(1)] = (m.group(2), (m.group(3) or ": 0")[2:].split(", "))
        elif m := re.fullmatch(r"(\w+) ([{[])", line):
            self.compounds[m.group(1)] = {"union": m.group(2) == "[", "members": [],
                                          "varlen": False}
            return self.compounds[m.group(1)]
        elif m := re.fullmatch(r"(\w+) = (.*)", line):
            self.flags[m.group(1)] = re.findall(r'"[^"]*"|[^\s,]+', m.group(2))
        elif m := re.fullmatch(r"([\w$]+)\((.*)\)(?: (\w+))?", line):
            self.calls.append((m.group(1), self.arguments(m.group(2)), m.group(3)))
        else:
            raise Wrong(f"not understood: {line}")
        return None

    @staticmethod
    def arguments(text):
        toks, args = tokens(text), []
        while toks:
            name = toks.pop(0)
            args.append((name, expression(toks), False))
            if toks and toks.pop(0) != ",":
                raise Wrong("no comma between arguments")
        return args


class Tables:
    """Prints each type once; a type is known by its C name, its size and alignment."""

    def __init__(self, description):
        self.d = description
        self.done = {}
        self.arrays = 0
        self.pools = {name: i for i, name in enumerate(description.resources)}

    def emit(self, key, size, align, **members):
        if key not in self.done:
            cname = f"t{len(self.done)}"
            members.update(size=size, align=align)
            body = ", ".join(f".{k} = {v}" for k, v in members.items())
            print(f"static const struct type {cname} = {{ {body} }};")
            self.done[key] = (cname, size, align)
        return self.done[key]

    def array(self, ctype, values):
        self.arrays += 1
        name = f"v{self.arrays}"
        print(f"static {ctype}{name}[] = {{ {', '.join(values)} }};")
        return name

    def number_size(self, args, at, scale):
        return INTS[args[at][0]] if len(args) > at else scale

    def type(self, expr, members=(), argument=False):
        """@members: names beside this one, for len; @argument: numbers have 8 bytes."""
        name, args = expr
        whole = 8 if argument else 0
        key = (repr(expr), tuple(members) if name in ("len", "bytesize") else (), argument)
        if key in self.done:
            return self.done[key]
        if name in INTS or name.removesuffix("be") in INTS:
            size = whole or INTS[name.removesuffix("be")]
            lo, hi = "0", f"{2 ** (8 * size) - 1}ULL"
            if args:
                lo, hi = args[0][1]
            return self.emit(key, size, size, kind="INT", lo=lo, hi=hi,
                             be=int(name.endswith("be")))
        if name == "const":
            be = len(args) > 1 and args[1][0].endswith("be")
            size = INTS[args[1][0].removesuffix("be")] if len(args) > 1 else 8
            return self.emit(key, whole or size, size, kind="CONST", lo=args[0][0], be=int(be))
        if name == "flags":
            values = self.d.flags.get(args[0][0]) or BUILTIN_FLAGS[args[0][0]]
            size = whole or self.number_size(args, 1, 8)
            array = self.array("const uint64_t ", values)
            return self.emit(key, size, size, kind="FLAGS", values=array, n=len(values))
        if name in ("len", "bytesize"):
            size = whole or self.number_size(args, 1, 8)
            return self.emit(key, size, size, kind="LEN", target=members.index(args[0][0]),
                             bytes=int(name == "bytesize"))
        if name in ("string", "stringnoz"):
            values = [args[0][0]] if args[0][0][0] == '"' else self.d.flags[args[0][0]]
            array = self.array("const char *const ", values)
            return self.emit(key, 0, 1, kind="STRING", strings=array, n=len(values),
                             terminated=int(name == "string"))
        if name == "array":
            elem, size, align = self.type(args[0])
            lo, hi = args[1][1] if args[1][0] == ":" else (args[1][0], args[1][0])
            size = size * int(lo) if lo == hi else 0
            return self.emit(key, size, align, kind="ARRAY", lo=lo, hi=hi, elem=f"&{elem}")
        if name in ("ptr", "ptr64"):
            elem, _, _ = self.type(args[1])
            return self.emit(key, 8, 8, kind="PTR", elem=f"&{elem}")
        if name == "msghdr_netlink":
            family, header, policy = args[0][1]
            elem, _, _ = self.type(policy)
            return self.emit(key, 0, 8, kind="NLMSG", lo=header[1][0][0],
                             hi=self.pools[family[0]], elem=f"&{elem}")
        if name == "nlattr":
            elem, _, _ = self.type(args[1])
            return self.emit(key, 0, 4, kind="NLATTR", lo=args[0][0], elem=f"&{elem}")
        if name in self.d.resources:
            base, values = self.d.resources[name]
            size = whole or (4 if base == "fd" else INTS[base])
            array = self.array("const uint64_t ", ["-1"] if base == "fd" else values)
            return self.emit(key, size, size, kind="RESOURCE", lo=self.pools[name],
                             values=array, n=1 if base == "fd" else len(values))
        if name in self.d.compounds:
            return self.compound(key, name)
        raise Wrong(f"no type {name}")

    def fields(self, members, argument=False):
        names = [m[0] for m in members]
        types = [self.type(m[1], names, argument) for m in members]
        rows = [f'{{ "{m[0]}", &{t[0]}, {int(m[2])} }}' for m, t in zip(members, types)]
        return self.array("const struct field ", rows) if rows else "NULL", types

    def compound(self, key, name):
        compound = self.d.compounds[name]
        array, types = self.fields(compound["members"])
        align = max(t[2] for t in types)
        fixed = all(t[1] for t in types)
        if compound["union"]:
            size = max(t[1] for t in types) if fixed and not compound["varlen"] else 0
        else:
            size = 0
            for t in types:
                size = (size + t[2] - 1) // t[2] * t[2] + t[1]
            size = (size + align - 1) // align * align if fixed else 0
        return self.emit(key, size, align, kind="UNION" if compound["union"] else "STRUCT",
                         name=f'"{name}"', fields=array, n=len(types))


def places(description, tables, name):
    """Size and field offsets of a struct that C knows by the same name."""
    at = 0
    for member, expr, _ in description.compounds[name]["members"]:
        _, size, align = tables.type(expr, [m[0] for m in description.compounds[name]["members"]])
        at = (at + align - 1) // align * align
        if not (member == "u" and name == "matenet_record"):
            print(f'_Static_assert(offsetof(struct {name}, {member}) == {at}, "{name}.{member}");')
        at += size
    size = tables.type((name, []))[1]
    print(f'_Static_assert(sizeof(struct {name}) == {size}, "{name}");')


def check_against(headers, description):
    """Ioctls and commands of the headers that the description has not."""
    text = "".join(open(h, encoding="utf-8").read() for h in headers)
    names = re.findall(r"#define (MATENET_IOC_\w+)\s+_IO", text)
    names += [c for c in re.findall(r"^\t(MATENET_NL_CMD_\w+)[ ,]", text, re.M)
              if not c.endswith("_NTF") and not c.endswith("_MAX")]
    have = {call[0].split("$")[-1] for call in description.calls}
    missing = [n for n in names if n not in have]
    if missing or not names:
        sys.exit(f"{sys.argv[1]}: the interface has, and this has not: {' '.join(missing)}")
    return re.findall(r"^struct (matenet_\w+) \{", text, re.M)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        d = Description(f.readlines())
    structs = check_against(sys.argv[2:], d)
    print("/* Generated by syzlang.py from matenet.txt. */")
    print('#include "tables.h"')
    for header in d.includes:
        print(f"#include {header}")
    for name, value in d.defines:
        print(f"#define {name} ({value})")
    tables = Tables(d)
    try:
        rows = []
        for name, args, result in d.calls:
            fields, _ = tables.fields(args, True)
            base = name.split("$")[0]
            how = f".call = {base}" if base.startswith("syz_") else f".nr = SYS_{base}"
            rows.append(f'{{ .name = "{name}", {how}, .args = {fields}, .n = {len(args)}, '
                        f".result = {tables.pools[result] if result else -1}, "
                        f".closes = {int(base == 'close')} }}")
        for name in structs:
            places(d, tables, name)
    except (Wrong, KeyError, ValueError) as e:
        sys.exit(f"{sys.argv[1]}: {name}: {e}")
    print("const struct call calls[] = {\n\t" + ",\n\t".join(rows) + "\n};")
    print(f"const unsigned int n_calls = {len(rows)};")
    rows = [f'{{ "{name}", {int(base == "fd")} }}' for name, (base, _) in d.resources.items()]
    print("const struct pool_kind pool_kinds[] = {\n\t" + ",\n\t".join(rows) + "\n};")
    print(f"const unsigned int n_pools = {len(rows)};")


main()
