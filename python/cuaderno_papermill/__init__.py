"""Writes papermill's parameters as Rust, for the kernel `cuaderno`.

papermill puts the parameters into a cell after the one tagged `parameters`. The kernel gives each the type, and the
manner, of the declaration it replaces: `-p epochs 2` after `let epochs: usize = 10;` is `let epochs: usize = 2;`.
"""

import math

from papermill.engines import NBClientEngine
from papermill.translators import Translator, papermill_translators

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


class RustTranslator(Translator):
    """Python values as Rust expressions."""

    @classmethod
    def translate_none(cls, val):
        return "None"

    @classmethod
    def translate_bool(cls, val):
        return "true" if val else "false"

    @classmethod
    def translate_int(cls, val):
        return str(val)

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "f64::NAN"
        if math.isinf(val):
            return "f64::INFINITY" if val > 0 else "f64::NEG_INFINITY"
        return repr(float(val))

    @classmethod
    def translate_escaped_str(cls, str_val):
        return '"' + "".join(_ESCAPES.get(c, c) for c in str_val) + '"'

    @classmethod
    def translate_str(cls, val):
        return cls.translate_escaped_str(str(val))

    @classmethod
    def translate_list(cls, val):
        return "vec![" + ", ".join(cls.translate(item) for item in val) + "]"

    @classmethod
    def translate_tuple(cls, val):
        return "(" + "".join(cls.translate(item) + ", " for item in val) + ")"

    @classmethod
    def translate_dict(cls, val):
        raise NotImplementedError("a Rust parameter is a number, a text, a truth value or a list, not a dictionary")

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"let {name} = {str_val};"


class Engine(NBClientEngine):
    """papermill's own engine; its entry point brings the translator."""


for _name in ("rust", "cuaderno"):
    papermill_translators.register(_name, RustTranslator)
