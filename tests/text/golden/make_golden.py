"""Trains eight small tokenizers with the Hugging Face `tokenizers` package and freezes them with the ids it gives for nasty texts.

    python tests/text/golden/make_golden.py        (tokenizers 0.23; writes beside this file)

Each <name>.json is a tokenizer.json; ids.json holds the texts and, per tokenizer, ids with special tokens parsed ("parse"),
taken as text ("plain"), and the package's own decoding of the former ("decoded").
"""
import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
SENTENCES = [
    "The weak teacher labels what the student learns from; isn't it strange that they'll agree, and we've seen it?",
    "Human: what are some pranks with a pen I can do? Assistant: Are you looking for practical joke ideas?",
    "In 2023 there were 1234567 pairs, 12.5% of them ties -- and 42 others (see §3.1, p. 17).",
    "I'm sure you're right, he'd said; I've 10 apples, 200 pears.\n\nA new line.\r\n\tA tab.  Two spaces.   Three.",
    "def main(argc, argv):\n    return [x ** 2 for x in range(100) if x % 2 == 0]\n\n\n",
    "Größe, naïve, café, façade, Łódź, İstanbul, Ελλάδα, Привет, 漢字 ひらがな 한국어 العربية हिन्दी 🙂🙃👩‍👩‍👧",
    "the the the then there these those teacher teaching taught student study studying learn learning learned",
] * 3
TEXTS = [
    "", " ", "  ", "\n", "a", " a", "a ", "  a  ", "Hello world", "Hello, world!", "the teacher's student isn't; they'll've'd",
    "THE TEACHER'S STUDENT ISN'T; THEY'LL'VE'D I'M 'RE", "’s don’t ’LL 'ſ", "'s 't 're' 've 'm 'll 'd '", "''s'",
    "1", "12", "123", "1234", "1234567", " 1 22 333", "a1b22c333", "\n\n1", "  1", "1.5e-10", "٣٤٥ ४२ Ⅷ ½ ² ① 𝟙𝟚", "x²y³",
    "tab\tand\t\ttabs", "\r\n\r\n", "a\nb\n\nc\n\n\nd", "a \n b", "a\r\nb\r\n\r\n c", "line \n\n  next", "trailing   \n", "\t\n \t",
    "!!! ???\n\n", "...\r\n", " (x) [y] {z}", "https://example.org/a?b=c&d#e", "snake_case CamelCase kebab-case", "$100 €5 £3 ¥7",
    "nbsp\u00a0here \u00a0\u00a0x", "em\u2003space \u3000 ideographic", "\u0085nel\u2028ls\u2029ps", "zero\u200bwidth\ufeffbom\u200d", "a\u180eb",
    "e\u0301 é Å A\u030a q\u0307\u0323", "\u1112\u1161\u11ab 한", "漢字かな交じり文。", "日本語123テスト", "한국어 텍스트", "हिन्दी पाठ", "النص العربي",
    "🙂", "🙂🙃", "👩\u200d👩\u200d👧 family", "🇩🇪🏳️\u200d🌈", "a🙂b", "\U0010ffff", "\ufffd", "nul\x00char\x1c\x0b\x0cend", "İstanbul ß ŉ ǅ ﬁ", "𐐀𐐨",
    "\u31350\U00031350x \U0001347d1",
    "<s>", "</s>", "<unk>", "a<s>b", "a <s> b", "<s><s>", "<|end|>", "x <|end|> y", "x<|end|>y", " <|end|>\n\n", "<|end", "<|end|>|>",
    "<|wide|>", "a  <|wide|>  b", "a <|wide|><|wide|> b", "<word>", "a<word>b", "a <word> b", "_<word>!", "(<word>)", "NormTok", "aNormTokb",
    "NormTok\u00e9 NormTok", "norm e\u0301tok", "norm étok", "▁", "a▁b", "▁ a", "<0x0A>", "Ġ", "aĠb", "Ċ", "the the the", "   the", "the   ",
    "a" * 70, "ab" * 40, " " * 33, "\n" * 9, "!" * 20 + "the", "teacherteacherteacher", "the 'teacher' \"student\"",
]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
ADDED = [AddedToken("<|end|>", special=True), AddedToken("<|wide|>", special=True, lstrip=True, rstrip=True),
         AddedToken("<word>", single_word=True), AddedToken("NormTok", normalized=True), AddedToken("norm étok", normalized=True),
         AddedToken("<|end|>|", special=False, normalized=False)]


def byte_level(pre_tokenizer, size, normalizer=None, begins=False, **options):
    made = Tokenizer(models.BPE(**options))
    made.pre_tokenizer = pre_tokenizer
    made.decoder = decoders.ByteLevel()
    if normalizer is not None:
        made.normalizer = normalizer
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=["<s>", "</s>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(SENTENCES, trainer)
    made.add_tokens(ADDED)
    if begins:
        made.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)])])
    return made


def llama2():
    """Normaliser instead of pre-tokeniser, byte fallback: the form of Llama 2's and TinyLlama's tokenizer.json."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)  # for training only
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    made.train_from_iterator([s.replace("漢字", "") for s in SENTENCES],
                             trainers.BpeTrainer(vocab_size=620, special_tokens=specials, show_progress=False, limit_alphabet=60))
    text = json.loads(made.to_str())
    text["added_tokens"] = text["added_tokens"][:3]
    text["pre_tokenizer"] = None
    made = Tokenizer.from_str(json.dumps(text))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    made.add_tokens(ADDED)
    made.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return made


def metaspace():
    """Metaspace pre-tokeniser, no byte fallback: what cannot be spelled is <unk>."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    made.decoder = decoders.Metaspace(prepend_scheme="first")
    made.normalizer = normalizers.NFC()
    made.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"],
                                                            show_progress=False, limit_alphabet=60))
    made.add_tokens(ADDED)
    return made


def unigram(byte_fallback):
    """Scores instead of merges; runs of spaces replaced and ends stripped, or bytes for what no token spells."""
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always" if byte_fallback else "first", split=not byte_fallback)
    made.decoder = decoders.Metaspace(prepend_scheme="always")
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] * byte_fallback
    made.train_from_iterator([s.replace("漢字", "") for s in SENTENCES],
                             trainers.UnigramTrainer(vocab_size=480, special_tokens=specials, unk_token="<unk>", show_progress=False))
    text = json.loads(made.to_str())
    text["model"]["byte_fallback"] = byte_fallback
    text["added_tokens"] = text["added_tokens"][:3]
    made = Tokenizer.from_str(json.dumps(text))
    if byte_fallback:
        made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    else:
        made.normalizer = normalizers.Sequence([normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), " ")])
    made.add_tokens(ADDED)
    return made


def main():
    level = pre_tokenizers.ByteLevel
    made = {
        "gpt2": byte_level(level(add_prefix_space=False), 480),
        "prefix": byte_level(level(add_prefix_space=True), 400, normalizers.NFC()),
        "llama3": byte_level(pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                                      level(add_prefix_space=False, use_regex=False)]),
                             480, begins=True, ignore_merges=True),
        "smollm": byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level(add_prefix_space=False)]), 480),
        "llama2": llama2(),
        "metaspace": metaspace(),
        "unigram": unigram(False),
        "unigram_bytes": unigram(True),
    }
    golden = {"texts": TEXTS, "tokenizers": {}}
    for name, tokenizer in made.items():
        (HERE / f"{name}.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n")
        parse = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
        decoded = [tokenizer.decode(ids, skip_special_tokens=False) for ids in parse]
        tokenizer.encode_special_tokens = True
        plain = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
        golden["tokenizers"][name] = {"parse": parse, "plain": plain, "decoded": decoded}
    (HERE / "ids.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
