"""Makes gemma3_texts.json beside this file: the ids that transformers gives to hard texts with Gemma 3's vocabulary, of
which ../../../shared/get-student-llm has the GGUF file. Not 32 spaces and more: there transformers' byte-pair merges
give 16 + 16, SentencePiece and llama.cpp, whose rule a GGUF file follows, 31 + 1; and no U+2581 in a text, which
SentencePiece takes for a space, so that it does not come back, and llama.cpp for no run of spaces.

    python make_gemma3_texts.py FOLDER_OF_student-llm.gguf       (made with transformers 5.24.0; takes minutes)
"""
import json
import pathlib
import sys

from transformers import AutoTokenizer

texts = [
    '',
    ' ',
    '  ',
    'Hello world',
    'Hello  world',
    'Hi   there    you     all',
    ' leading',
    '  two leading',
    'trailing ',
    'trailing   ',
    'a\nb',
    'a\n\nb',
    'a\n\n\nb\n\n\n\n',
    '\n',
    ' \n \n',
    '\r\n\r\n',
    'tab\tand\t\ttabs',
    'x = 1234567890.5e-10',
    '3.14 1,000,000 2024-01-01',
    'na\xefve caf\xe9',
    'e\u0301 combining',
    '\ufb01 ligature \xbd \xb2 \xc5 \u212b',
    '\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3001\u6f22\u5b57\u3068\u30ab\u30ca',
    '\ud55c\uad6d\uc5b4 \ubb38\uc7a5',
    '\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0401\u0436',
    '\u0627\u0644\u0639\u0631\u0628\u064a\u0629',
    '\u05e2\u05d1\u05e8\u05d9\u05ea',
    '\u0e44\u0e17\u0e22 \u0e20\u0e32\u0e29\u0e32',
    '\u0939\u093f\u0928\u094d\u0926\u0940',
    '\U0001f600 \U0001f603\U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea',
    '\x00nul',
    '\u200bzero\u200bwidth\ufeff',
    '\xa0nbsp\u3000ideographic',
    '\U0001d518\U0001d52b\U0001d526\U0001d520\U0001d52c\U0001d521\U0001d522 \U00010348 \U000e0001',
    '<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n',
    '<bos>text<eos>',
    '<unused99> <h3>title</h3> <table><tr><td>',
    '<0x0A> <0xFF> [multimodal]',
    '<pad><unk><mask>',
    'def f(x):\n    return x\n\n\tpass',
    ' ' * 31,
    '\n' * 31,
    '\n' * 33,
    '\t' * 40,
    'a' * 200,
    'ab' * 60,
    "don't I'll we've",
    'UPPER lower MiXeD',
    '!!!???...---___',
    'http://example.com/a?b=c&d=%20#e',
    'C++/C# \\ / | `code` ~',
    '\x1b[0m\x07',
    '\xdf \u017f \u1e9e \u0130 \u0131',
    '\uff46\uff55\uff4c\uff4c\uff57\uff49\uff44\uff54\uff48',
    '\U0010ffff \ufffd \ue000',
    '\ua66e \u16a0 \ua980',
    '<start_of_turn> <end_of_turn>',
    'x<end_of_turn>y',
    '<  h3>',
    '  <h3>  ',
    '\n <eos>\n',
    'word\u2028sep\u2029',
    'ZWJ\u200d a\xadb',
]

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1], gguf_file="student-llm.gguf")
lines = [json.dumps({"text": text, "ids": tokenizer.encode(text, add_special_tokens=False)}) for text in texts]
pathlib.Path(__file__).with_suffix("").with_name("gemma3_texts.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
