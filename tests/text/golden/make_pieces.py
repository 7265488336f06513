"""Freezes how the Hugging Face `tokenizers` package cuts nasty texts by each named pre-tokeniser.

    python tests/text/golden/make_pieces.py HEADERS        (tokenizers 0.23; writes pieces.json beside this file)

HEADERS is include/preflearn/text: patterns.hpp and named_pretokenisers.hpp give the expressions, which Oniguruma then reads.
Each text's pieces are given by the byte at which each ends.
"""
import json
import pathlib
import re
import sys

from tokenizers import Regex, pre_tokenizers

from make_golden import TEXTS

HERE = pathlib.Path(__file__).parent
MORE = [
    "helloWorld HTTPServer aB Ab AB éÉ Éé ÀB iOS's DON'T don'T x's", "McDonald's ǅungla ǆ ʰa aʰ ªº", "a/b//c \n/d ./\n", "key=value; x<=y>=z ^~|`$+",
    "1,234,567.89 0x1F 1e10 ١٢٣٤ １２３４", "漢字12かな345カナ,。！？한국어678", "中文abc中文 abc中文", "ก็ไทย भारत मानक é e\u0301\u0301 \u0301x",
    " ．，、。 «quoted» “curly” ‘single’ —dash— …", "{\"a\": [1, 2.5], \"b\": null}\n", "#include <stdio.h>\n\tint main() { return 0; }\n", "   \n   \n  x",
    "\n\n\n   a", "a   \t\t  b", "\r\n \r\n", "x\u2028y\u2029z\u0085w", "<sentinel:12> IMGIMGABCZ IMGIMGABCDEZ", "a b c d e", "é ü ö", "ſ 'ſ 'S ’s",
    "\u200bzero\u200bwidth", "👩\u200d👩\u200d👧 🏳️\u200d🌈 ☃️!", "'", "''", "'s", " 's", "!'s", "a'b'c", " " * 7 + "x", " " * 40, "\t" * 9 + "y", "x" + " " * 513 + "y",
    "_foo(bar)[baz]", "-_-;; ^^ (;_;)", "C++ C# F# .NET", "\x00\x01\x7f\x80\x9f", "a\u0308\u0323b", "ᾳ ΐ Ί Ω K Å ῼ", "Ꭰ ꭰ Ა ა 𐐀 𞤀", "½¾ ²³ Ⅷ ① ㊿",
]


def strings(header):
    """Names and values of the string constants."""
    found = {}
    for name, body in re.findall(r"std::string_view (\w+) =(.*?);\n", header, re.S):
        parts = re.findall(r'R"\((.*?)\)"|"((?:[^"\\]|\\.)*)"', body, re.S)
        found[name] = "".join(raw or plain.encode().decode("unicode_escape") for raw, plain in parts)
    return found


def table(header, known):
    """The first name and the expressions of each row."""
    rows = re.search(r"table\{\n(.*?)\n    \};", header, re.S).group(1)
    rows = re.sub(r"qwen2\.substr\(.*?\)\}", "without_contractions}", rows)
    rows = re.sub(r"//[^\n]*", "", rows)
    known = dict(known, without_contractions=known["qwen2"].split(")|", 1)[1])
    for names, body in re.findall(r'\{"([^{}]*?)",\s*\{(.*?)\}(?:,\s*(?:true|false))*\}', rows, re.S):
        parts = re.findall(r'R"\((.*?)\)"|(\w+)', body, re.S)
        yield names.split()[0].strip('"'), [raw or known[name] for raw, name in parts]


def main():
    folder = pathlib.Path(sys.argv[1])
    known = strings((folder / "patterns.hpp").read_text())
    texts = [text for text in TEXTS + MORE if text]
    golden = {"texts": texts, "pieces": {}}
    for name, expressions in table((folder / "named_pretokenisers.hpp").read_text(), known):
        cut = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(e), "isolated") for e in expressions])
        ends = []
        for text in texts:
            size, row = 0, []
            for piece, _ in cut.pre_tokenize_str(text):
                size += len(piece.encode())
                row.append(size)
            assert size == len(text.encode()), (name, text)
            ends.append(row)
        golden["pieces"][name] = ends
    print(len(golden["pieces"]), "names,", len(texts), "texts")
    (HERE / "pieces.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
