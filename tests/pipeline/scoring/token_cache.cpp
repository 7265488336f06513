#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/pipeline/scoring/token_cache.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/files/load.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// A folder with a tokenizer of the letters a and b, and one in which its tokens are kept.
struct folders {
    test::folder model, cache;

    explicit folders(const std::string& merges = R"(["a","b"])") {
        model.write("tokenizer.json",
                    R"({"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[)" + merges + "]}}");
        model.write("weights.safetensors", "whatever");
    }
    [[nodiscard]] token_cache open(const tokenizer_options& options = {}) const {
        return {cache.path(), model.path(), options};
    }
};

std::vector<token_id> ids_of(token_span span) { return {span.begin(), span.end()}; }

} // namespace

TEST_CASE("texts that were encoded before are read from the folder, with the ids of before") {
    const folders f;
    const tokenizer words = load_tokenizer(f.model.path());
    {
        token_cache cache = f.open();
        CHECK(cache.read() == 0);
        encoded_texts texts(words, special_tokens::parse, token_boundary::joint, cache.known());
        CHECK(ids_of(texts.pair("ab", "ba").response) == std::vector<token_id>{1, 0});
        cache.save();
        CHECK(cache.notes().empty());
    }
    token_cache cache = f.open();
    CHECK(cache.read() == 3); // the prompt, the response, and both as one text
    CHECK(cache.known()->find("abba", text_position::start) == std::vector<token_id>{2, 1, 0});
    encoded_texts texts(words, special_tokens::parse, token_boundary::joint, cache.known());
    CHECK(ids_of(texts.pair("ab", "ba").response) == std::vector<token_id>{1, 0});
    CHECK(cache.known()->size() == 3);
    const std::string before = test::read(std::filesystem::directory_iterator(f.cache.path())->path());
    cache.save(); // nothing new
    CHECK(test::read(std::filesystem::directory_iterator(f.cache.path())->path()) == before);
}

TEST_CASE("another tokenizer, other use of it and another library are other files; weights do not matter") {
    const folders f, unmerged("");
    const auto identity = [](const folders& of, const tokenizer_options& options = {},
                             special_tokens found = special_tokens::parse) {
        return identity_of_tokenizer(of.model.path(), options, found);
    };
    const std::string one = identity(f);
    CHECK(identity(unmerged) != one);
    CHECK(identity(f, {.pretokenizer = "gpt-2"}) != one);
    CHECK(identity(f, {}, special_tokens::plain) != one);
    f.model.write("weights.safetensors", "others");
    CHECK(identity(f) == one);
    f.model.write("tokenizer_config.json", "{}");
    CHECK(identity(f) != one);
    CHECK_THROWS_AS(identity_of_tokenizer(f.model / "missing.gguf", {}, special_tokens::parse), input_error);
}

TEST_CASE("a damaged or foreign file is noted, and texts are encoded anew") {
    const folders f;
    token_cache first = f.open();
    first.known()->add("ab", text_position::start, std::vector<token_id>{2});
    first.save();
    const std::filesystem::path file = std::filesystem::directory_iterator(f.cache.path())->path();
    const std::string good = test::read(file);
    const auto refused = [&](const std::string& content) {
        std::ofstream(file, std::ios::binary) << content;
        token_cache cache = f.open();
        CHECK(cache.read() == 0);
        REQUIRE(cache.notes().size() == 1);
        CHECK(test::contains(cache.notes()[0], file.filename().string()));
        cache.known()->add("ab", text_position::start, std::vector<token_id>{2});
        cache.save();
        CHECK(test::read(file) == good);
    };
    refused("");
    refused(good.substr(0, good.size() - 3));
    for (std::size_t at = 8; at < good.size(); at += 7) {
        std::string turned = good;
        turned[at] ^= 1;
        std::ofstream(file, std::ios::binary) << turned;
        const token_cache cache = f.open();
        if (cache.read() > 0) CHECK(cache.known()->find("ab", text_position::start) == std::vector<token_id>{2});
    }
    CHECK_THROWS_WITH_AS(load_known_tokens(file, "another"), doctest::Contains(file.filename().string().c_str()),
                         input_error);
    const token_cache none({}, f.model.path(), {});
    CHECK(none.known() == nullptr);
}
