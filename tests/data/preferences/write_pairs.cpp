#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <zlib.h>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/write_pairs.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

const std::vector<std::string> odd_texts{"",
                                         " ",
                                         "\n\nHuman: \"quoted\" \\ / \t\r\n\n\nAssistant:",
                                         "e\u0301 \u00e9 \u2028\u2029\u0085",
                                         std::string("nul \0 inside", 12),
                                         "\x01\x1F\x7F",
                                         "\U0001F600\u200D\uFEFF",
                                         "{\"a\": [1]}",
                                         "\uFFFF\U0010FFFF\uE000"};

std::vector<text_comparison> odd_pairs() {
    std::vector<text_comparison> pairs;
    for (std::size_t i = 0; i < odd_texts.size(); ++i) {
        const auto text = [&](std::size_t j) { return std::string_view(odd_texts[(i + j) % odd_texts.size()]); };
        pairs.push_back({~std::uint64_t{i * i}, text(0), text(1), text(2)});
    }
    return pairs;
}

preference_data read_back(const std::string& content) {
    std::istringstream stream(content);
    preference_reader reader(stream, "written");
    return read_preferences(reader);
}

std::string written(const std::vector<text_comparison>& pairs, const label_set& labels, pair_format format,
                    written_pairs* counts = nullptr) {
    std::ostringstream out;
    const auto result = write_labelled_pairs(out, std::span(pairs), labels, format);
    if (counts != nullptr) *counts = result;
    return out.str();
}

bool same(const text_comparison& a, const text_comparison& b) {
    return a.id == b.id && a.prompt == b.prompt && a.first == b.first && a.second == b.second;
}

} // namespace

TEST_CASE("every verdict on any Unicode text comes back bit for bit from the format of responses") {
    const auto pairs = odd_pairs();
    generator random(3, "verdicts");
    label_set labels;
    const std::vector<preference> verdicts{1.0,
                                           0.0,
                                           0.1 + 0.2,
                                           preference::tied(),
                                           preference::abstention(),
                                           preference(1e-300, 0.3),
                                           preference::from_margin(-37.125e-7),
                                           preference::for_first().with_margin(5e-324)};
    for (std::size_t i = 0; i < pairs.size() - 1; ++i) labels.add({pairs[i].id, verdicts.at(i)});
    const auto data = read_back(written(pairs, labels, pair_format::responses));
    REQUIRE(data.size() == pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        CAPTURE(i);
        CHECK(same(data.comparisons()[i], pairs[i]));
        CHECK(data.labels().find(pairs[i].id) == labels.find(pairs[i].id));
    }
    for (int trial = 0; trial < 200; ++trial) {
        const preference verdict =
            preference(random.uniform()).with_margin(random.normal() * std::exp(20 * random.normal()));
        label_set one;
        one.add({pairs[0].id, verdict});
        CHECK(read_back(written({pairs[0]}, one, pair_format::responses)).labels().at(pairs[0].id) == verdict);
    }
}

TEST_CASE("the explicit prompt format puts the likelier response first and leaves out ties and abstentions") {
    const std::vector<text_comparison> pairs{{1, "p", "a", "b"}, {2, "p", "a", "b"}, {3, "p", "a", "b"},
                                             {4, "p", "a", "b"}, {5, "p", "a", "b"}, {6, "p", "a", "b"}};
    const label_set labels({{1, preference::for_first()},
                            {2, preference::for_second().with_margin(-2)},
                            {3, preference::tied()},
                            {4, preference::abstention()},
                            {5, preference(0.2, 0.3)},
                            {6, 0.5}});
    written_pairs counts;
    const std::string content = written(pairs, labels, pair_format::chosen_rejected, &counts);
    CHECK(content == R"({"id":1,"prompt":"p","chosen":"a","rejected":"b"})"
                     "\n"
                     R"({"id":2,"prompt":"p","chosen":"b","rejected":"a","margin":2.0})"
                     "\n"
                     R"({"id":5,"prompt":"p","chosen":"b","rejected":"a","label":0.5,"label_tie":0.3})"
                     "\n");
    CHECK(counts.written == 3);
    CHECK(counts.ties == 2);
    CHECK(counts.abstentions == 1);
    const auto data = read_back(content);
    CHECK(data.labels().at(1) == preference::for_first());
    CHECK(data.labels().at(2) == labels.at(2).mirrored());
    CHECK(data.labels().at(5) == labels.at(5).mirrored());
    CHECK(data.comparisons()[1].first == "b");
}

TEST_CASE("odd Unicode comes back bit for bit from the explicit prompt format, too") {
    const auto pairs = odd_pairs();
    label_set labels;
    for (const auto& pair : pairs) labels.add({pair.id, pair.id % 2 == 0 ? 0.25 : 1.0});
    const auto data = read_back(written(pairs, labels, pair_format::chosen_rejected));
    REQUIRE(data.size() == pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        text_comparison expected = pairs[i];
        if (expected.id % 2 == 0) std::swap(expected.first, expected.second);
        CHECK(same(data.comparisons()[i], expected));
        CHECK(data.labels().at(expected.id) == preference(expected.id % 2 == 0 ? 0.75 : 1.0));
    }
}

TEST_CASE("ids are written as their file has them, and read back the same") {
    const std::string lines = R"({"id":"a/é\"7","prompt":"p","chosen":"a","rejected":"b"})"
                              "\n"
                              R"({"id":3.0,"prompt":"p","chosen":"a","rejected":"b"})"
                              "\n"
                              R"({"id":"3","prompt":"p","chosen":"a","rejected":"b"})"
                              "\n"
                              R"({"prompt":"p","chosen":"a","rejected":"b"})"
                              "\n";
    const auto data = read_back(lines);
    std::ostringstream out;
    write_labelled_pairs(out, data.comparisons(), data.labels(), pair_format::chosen_rejected, data.names());
    const std::string once = out.str();
    CHECK(once == R"({"id":"a/é\"7","prompt":"p","chosen":"a","rejected":"b"})"
                  "\n"
                  R"({"id":3,"prompt":"p","chosen":"a","rejected":"b"})"
                  "\n"
                  R"({"id":"3","prompt":"p","chosen":"a","rejected":"b"})"
                  "\n"
                  R"({"id":"line 4","prompt":"p","chosen":"a","rejected":"b"})"
                  "\n");
    const auto again = read_back(once);
    std::ostringstream twice;
    write_labelled_pairs(twice, again.comparisons(), again.labels(), pair_format::chosen_rejected, again.names());
    CHECK(twice.str() == once);
    CHECK(again.comparisons()[0].id == data.comparisons()[0].id);
}

TEST_CASE("a name ending in .gz is gzipped, always to the same bytes, and zlib's own reader reads it") {
    const test::folder folder;
    const auto pairs = odd_pairs();
    label_set labels;
    for (const auto& pair : pairs) labels.add({pair.id, 1.0});
    for (const char* const name : {"a.jsonl", "a.jsonl.gz", "b.gz"}) {
        const auto counts = write_labelled_pairs(folder / name, std::span(std::as_const(pairs)), labels);
        CHECK(counts.written == pairs.size());
        CHECK(read_preferences(folder / name).size() == pairs.size());
    }
    CHECK(test::read(folder / "a.jsonl").starts_with("{\"id\":"));
    CHECK(test::read(folder / "a.jsonl.gz").starts_with("\x1F\x8B"));
    CHECK(test::read(folder / "a.jsonl.gz") == test::read(folder / "b.gz"));
    std::string text(100000, '\0');
    const gzFile file = gzopen((folder / "b.gz").c_str(), "rb");
    text.resize(static_cast<std::size_t>(gzread(file, text.data(), static_cast<unsigned>(text.size()))));
    CHECK(gzclose(file) == Z_OK);
    CHECK(text == test::read(folder / "a.jsonl"));
}

TEST_CASE("what cannot be written is an error that names the pair and leaves the old file") {
    const test::folder folder;
    folder.write("a", "old");
    const auto error_for = [&](const text_comparison& pair, const label_set& labels, pair_format format) {
        return test::error_of([&] { write_labelled_pairs(folder / "a", std::span(&pair, 1), labels, format); });
    };
    const label_set hard({{1, 1.0}});
    CHECK(error_for({1, "p", "\xFF", "b"}, hard, pair_format::responses) ==
          "a text of pair 1 is not valid UTF-8 and cannot be written as JSON");
    CHECK(error_for({1, "p", "a", "\xED\xA0\x80"}, hard, pair_format::chosen_rejected).starts_with("a text of pair 1"));
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(error_for({1, "p", "a", "b"}, label_set({{1, preference(1.0).with_margin(infinity)}}),
                    pair_format::responses) == "the margin of pair 1 is inf, which JSON cannot say");
    CHECK(error_for({2, "p", "a", "b"}, hard, pair_format::chosen_rejected) == "pair 2 has no label among the 1 given");
    CHECK(error_for({2, "p", "a", "b"}, hard, pair_format::responses).empty());
    folder.write("a", "old");
    CHECK(!error_for({1, "p", "\xFF", "b"}, hard, pair_format::responses).empty());
    CHECK(test::read(folder / "a") == "old");
}
