#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/programs/generating/generated_file.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("what stands between the prompts of a part of a file is told with that part, each line once") {
    test::folder folder;
    prompt_file file;
    file.names = pair_names("prompts.jsonl");
    for (const std::size_t ordinal : {1U, 2U, 4U}) {
        written_prompt prompt{.written = "p", .line = ordinal + 1, .ordinal = ordinal};
        prompt.id = file.names.add({}, ordinal, ordinal + 1);
        file.prompts.push_back(prompt);
    }
    for (const std::size_t ordinal : {0U, 3U, 5U})
        file.left_out.push_back({ordinal, {.name = {.line = ordinal + 1}, .message = std::to_string(ordinal)}});
    const std::vector<std::string> lines{
        response_line(file.prompts[0], file.names, std::vector<drawn_response>{{"a", 2, true}, {"", 1, false}}, "m")
            .dump(),
        unjudged_line({.reason = left_out_reason::too_long, .message = "long"}).dump(),
        response_line(file.prompts[2], file.names, std::vector<drawn_response>{{"a", 4, true}, {"a", 4, true}}, "m")
            .dump()};
    const auto part = [&](std::size_t index, std::size_t begin, std::size_t end) {
        generate_options options{.out = folder / ("part" + std::to_string(index) + ".jsonl")};
        options.shard = {index, 3};
        output_run run;
        generated_file found;
        detail::write_responses(options, file, begin, end, std::span(lines).subspan(begin, end - begin), run, found);
        return found;
    };
    const generated_file first = part(1, 0, 2), second = part(2, 2, 3), third = part(3, 3, 3);
    CHECK(first.counts.prompts == 1);
    CHECK(first.left_out == std::map<std::string, std::size_t>{{"malformed", 1}, {"longer than asked for", 1}});
    CHECK(second.left_out.at("malformed") == 2);
    CHECK(third.left_out.empty());
    CHECK(test::read(folder / "part1.jsonl") == lines[0] + "\n");
    CHECK(test::read(folder / "part3.jsonl").empty());
    CHECK(!std::filesystem::exists(folder / "part3.left-out.jsonl"));
    CHECK(test::contains(to_text(first), "1.5 tokens each, 50% ended by themselves, 100% distinct, 1 empty"));
    CHECK(to_json(second)["distinct_share"] == 0.5);
}
