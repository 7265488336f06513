#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/selection/fitting.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

preference_data read(const std::string& content) {
    std::istringstream stream(content);
    preference_reader reader(stream, "pairs.jsonl", {.skip_malformed = true});
    return read_preferences(reader);
}
std::string pair_of(const std::string& prompt, const std::string& first, const std::string& second,
                    const std::string& more = R"(, "label": 1)") {
    return R"({"prompt": ")" + prompt + R"(", "responses": [")" + first + R"(", ")" + second + "\"]" + more + "}\n";
}
/// A byte is a token; `end` tokens follow a response.
pair_reader bytes(std::size_t maximum, std::size_t begin = 0, std::size_t end = 0) {
    return {.name = "bytes", .maximum_length = maximum, .lengths = [begin, end](const text_comparison& pair) {
                return pair_lengths{pair.prompt.size() + begin, pair.first.size() + end, pair.second.size() + end};
            }};
}
std::vector<std::uint64_t> ids_of(const std::vector<text_comparison>& pairs) {
    std::vector<std::uint64_t> ids;
    for (const auto& pair : pairs) ids.push_back(pair.id);
    return ids;
}
using id_numbers = std::vector<std::uint64_t>;
std::string reasons(const left_out_pairs& left_out) {
    std::string all;
    for (const left_out_pair& pair : left_out.pairs()) all += message(pair.name.line, " ", name_of(pair.reason), "; ");
    return all;
}

} // namespace

TEST_CASE("every reason, in its order, and the others are kept") {
    const auto data = read(pair_of("pp", "aa", "b") + "{\n" + pair_of("p", "a", "b", "") + pair_of("", "a", "b") +
                           pair_of("p", "", "b") + pair_of("ppp", "aaa", "b") + pair_of("p", "a", "bbbbb") +
                           pair_of("p", "a", "a") + pair_of("p", "a", "b", R"(, "label": "tie")") +
                           pair_of("p", "a", "b", R"(, "label": "abstain")") + pair_of("", "", "", ""));
    const std::vector readers{bytes(5)};
    const auto all = fit_pairs(data, readers, {.needs_tokens = true, .needs_difference = true});
    CHECK(ids_of(all.kept) == id_numbers{0});
    CHECK(reasons(all.left_out) ==
          "2 malformed; 3 no_label; 4 empty_prompt; 5 empty_response; 6 longer_than_model; 7 longer_than_model; "
          "8 identical_responses; 9 tied_label; 10 no_label; 11 no_label; ");
    CHECK(ids_of(all.identical) == id_numbers{7});
    const auto scored = fit_pairs(data, readers, {.maximum_tokens = 4});
    CHECK(ids_of(scored.kept) == id_numbers{0, 4, 7}); // identical responses and empty ones are scored
    CHECK(ids_of(scored.identical) == id_numbers{7});
    CHECK(scored.left_out.count(left_out_reason::too_long) == 2);
    const auto ties = fit_pairs(data, readers, {.label = label_need::verdict});
    CHECK(ids_of(ties.kept) == id_numbers{0, 4, 7, 8});
    const auto unlabelled = fit_pairs(data, readers, {.label = label_need::none});
    CHECK(ids_of(unlabelled.kept) == id_numbers{0, 2, 4, 7, 8, 9});
    CHECK(fit_pairs(data, {}, {.label = label_need::none}).kept.size() == 10); // nobody reads
}

TEST_CASE("lengths are those of every reader, begin and end tokens counted, up to the maximum itself") {
    const auto data = read(pair_of("pp", "aaa", "b"));
    const auto kept = [&](std::vector<pair_reader> readers, const fit_rules& rules = {}) {
        return fit_pairs(data, readers, rules).kept.size();
    };
    CHECK(kept({bytes(5)}) == 1);
    CHECK(kept({bytes(4)}) == 0);
    CHECK(kept({bytes(5, 0, 1)}) == 0); // an end token is scored
    CHECK(kept({bytes(5, 1)}) == 0);
    CHECK(kept({bytes(9), bytes(4)}) == 0); // the other model's maximum
    CHECK(kept({bytes(9, 1, 1)}, {.maximum_tokens = 7}) == 1);
    CHECK(kept({bytes(9, 1, 1)}, {.maximum_tokens = 6}) == 0);
    CHECK(kept({bytes(unlimited_length, unlimited_length - 2)}) == 0); // sums do not wrap
    pair_reader joint = bytes(5);
    joint.lengths = [](const text_comparison&) { return pair_lengths{2, 3, 1, 5}; }; // 5 + 1 tokens of the second
    CHECK(kept({joint}) == 0);
    joint.lengths = [](const text_comparison&) { return pair_lengths{2, 3, 1, 4}; };
    CHECK(kept({joint}) == 1);
    joint.lengths = [](const text_comparison&) { return pair_lengths{2, 3, 1, 0}; };
    CHECK(kept({joint}) == 0);
    const auto empty = read(pair_of("", "a", "b"));
    CHECK(fit_pairs(empty, std::vector{bytes(9, 1)}).kept.size() == 1); // a begin token is enough
    pair_reader tokenizer = bytes(9);
    tokenizer.needs_prompt = false;
    CHECK(fit_pairs(empty, std::vector{tokenizer}).kept.size() == 1);
}

TEST_CASE("what a reader throws names file, line and id") {
    const auto data = read(pair_of("p", "a", "b") + pair_of("p", "a", "c", R"(, "label": 1, "id": "x7")"));
    const pair_reader picky{.lengths = [](const text_comparison& pair) {
        require(pair.second != "c", "cannot read this");
        return pair_lengths{1, 1, 1};
    }};
    CHECK(test::error_of([&] { fit_pairs(data, std::vector{picky}); }) == "pairs.jsonl:2: pair 'x7': cannot read this");
}

TEST_CASE("what became of a file is told in a few lines") {
    const auto data = read(pair_of("p", "a", "a") + pair_of("Q:", "Q: a", "Q: b") + "{\n" + pair_of("p", "a", "b", ""));
    CHECK(
        told(data, fit_pairs(data, {})) ==
        "pairs.jsonl: 4 pairs, 2 kept\n"
        "  left out: 1 malformed: is not valid JSON at byte 2: syntax error while parsing object key - unexpected end "
        "of input; expected string literal (first: line 3)\n"
        "  left out: 1 without a label (first: line 4, id 3)\n"
        "  kept: 1 with two identical responses (first: line 1), a tie whatever the label\n"
        "  taken off: the prompt, which stood once more in front of both responses of 1 pair (first: line 2)\n");
    CHECK(test::contains(told(data, fit_pairs(data, {}, {.needs_difference = true})), "1 kept\n"));
    const auto fine = read(pair_of("p", "a", "b"));
    CHECK(told(fine, fit_pairs(fine, {})) == "pairs.jsonl: 1 pair, 1 kept\n");
}

TEST_CASE("strict refuses by the first line, and nothing left is an error that lists the reasons") {
    const auto data = read(pair_of("p", "a", "b") + pair_of("", "a", "b", R"(, "label": 1, "id": "x")") + "{\n");
    const auto fitting = fit_pairs(data, std::vector{bytes(9)});
    CHECK(test::error_of([&] { check_left_out(fitting, "pairs.jsonl", false); }).empty());
    CHECK(
        test::error_of([&] { check_left_out(fitting, "pairs.jsonl", true); }) ==
        "pairs.jsonl:2: pair 'x' is left out as one with an empty prompt: bytes needs a token before a response (2 in "
        "all, which --strict refuses)");
    const auto none = fit_pairs(data, std::vector{bytes(1)});
    const std::string failure = test::error_of([&] { check_left_out(none, "pairs.jsonl", false); });
    CHECK(failure.starts_with("pairs.jsonl: no pair is left\n  left out: 1 malformed: is not valid JSON"));
    CHECK(test::contains(failure,
                         "1 longer than a model's maximum (first: line 1, 1 + 1 tokens are more than the 1 of bytes)"));
    CHECK(test::error_of([&] { check_left_out(fit_pairs(read(""), {}), "pairs.jsonl", false); }) ==
          "pairs.jsonl: holds no pairs");
    const auto broken = fit_pairs(read("{\n"), {});
    CHECK(test::error_of([&] {
              check_left_out(broken, "pairs.jsonl", true);
          }).starts_with("pairs.jsonl:1: is not valid JSON"));
}
