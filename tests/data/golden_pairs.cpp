#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/data/preferences/write_pairs.hpp>
#include <preflearn/data/selection/split.hpp>
#include <preflearn/text/chat/conversation.hpp>

#include "../files.hpp"

using namespace preflearn;

namespace {

const std::string golden = PREFLEARN_TESTS "/data/golden/";
const std::string real_pairs = PREFLEARN_SHARED "/data/hh-rlhf/harmless-base-test-first1500.jsonl.gz";

/// False, with a message, where the real data are absent.
bool has_real_pairs() {
    if (std::filesystem::exists(real_pairs)) return true;
    std::cout << "[skipped] no " << real_pairs << "\n";
    return false;
}

/// Splits an HH transcript into turns; nothing when putting them together again does not give the same text.
std::string turns_json(const std::string& transcript) {
    auto turns = nlohmann::json::array();
    const std::string human = "\n\nHuman: ", assistant = "\n\nAssistant: ";
    for (std::size_t at = 0; at < transcript.size();) {
        const bool user = transcript.compare(at, human.size(), human) == 0;
        if (!user && transcript.compare(at, assistant.size(), assistant) != 0) return "";
        at += (user ? human : assistant).size();
        const std::size_t end =
            std::min({transcript.find(human, at), transcript.find(assistant, at), transcript.size()});
        turns.push_back({{"role", user ? "user" : "assistant"}, {"content", transcript.substr(at, end - at)}});
        at = end;
    }
    return turns.empty() || turns.back()["role"] != "assistant" ? "" : turns.dump();
}

} // namespace

TEST_CASE("conversations become the texts that TRL makes of them") {
    std::ifstream file(golden + "trl.jsonl");
    int records = 0;
    for (std::string line; std::getline(file, line); ++records) {
        const auto expected = nlohmann::json::parse(line);
        const auto found =
            parse_record(expected["record"].dump(),
                         {.render = [](auto turns) { return render_chat(chat_format::chatml, turns); }}, 0);
        CAPTURE(records);
        CHECK(found.prompt == expected["prompt"].get<std::string>());
        CHECK(found.first == expected["chosen"].get<std::string>());
        CHECK(found.second == expected["rejected"].get<std::string>());
    }
    CHECK(records == 7);
}

TEST_CASE("the real HH pairs are split into prompt and responses as Python splits them") {
    if (!has_real_pairs()) return;
    const auto data = read_preferences(real_pairs);
    const auto expected = nlohmann::json::parse(std::ifstream(golden + "hh.json"));
    CHECK(data.size() == expected["pairs"]);
    CHECK(data.labels().size() == data.size());
    std::size_t prompt = 0, chosen = 0, rejected = 0, index = 0;
    std::uint64_t hash = hash_of("");
    for (const auto& pair : data.comparisons()) {
        CHECK(pair.id == index++);
        prompt += pair.prompt.size();
        chosen += pair.first.size();
        rejected += pair.second.size();
        for (const std::string_view text : {pair.prompt, pair.first, pair.second}) {
            hash = hash_of(std::string_view("\0", 1), hash_of(text, hash));
        }
    }
    CHECK(prompt == expected["prompt_bytes"]);
    CHECK(chosen == expected["chosen_bytes"]);
    CHECK(rejected == expected["rejected_bytes"]);
    CHECK(hash == expected["hash"].get<std::uint64_t>());
    CHECK(
        data.comparisons()[0].prompt.starts_with("\n\nHuman: what are some pranks with a pen i can do?\n\nAssistant:"));
    CHECK(data.comparisons()[0].first.starts_with(" No, sorry!  All of these involve a pen"));
    CHECK(data.comparisons()[0].second.starts_with(" There are lots of funny things you can do with pens"));
}

TEST_CASE("the real transcripts give the same texts when they come as conversations") {
    if (!has_real_pairs()) return;
    line_reader lines{std::filesystem::path(real_pairs)};
    int compared = 0;
    while (const auto line = lines.next()) {
        const auto fields = nlohmann::json::parse(*line);
        const std::string chosen = turns_json(fields["chosen"]), rejected = turns_json(fields["rejected"]);
        if (chosen.empty() || rejected.empty()) continue;
        const auto as_turns = parse_record(R"({"chosen": )" + chosen + R"(, "rejected": )" + rejected + "}", {}, 0);
        CHECK(as_turns == parse_record(*line, {}, 0));
        ++compared;
    }
    CHECK(compared > 1000);
}

TEST_CASE("the real pairs come back from a written file, and their split leaks no prompt") {
    if (!has_real_pairs()) return;
    const auto data = read_preferences(real_pairs);
    const test::folder folder;
    write_labelled_pairs(folder / "pairs.jsonl.gz", data.comparisons(), data.labels());
    const auto back = read_preferences(folder / "pairs.jsonl.gz");
    REQUIRE(back.size() == data.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        const auto &a = data.comparisons()[i], &b = back.comparisons()[i];
        CHECK((a.id == b.id && a.prompt == b.prompt && a.first == b.first && a.second == b.second));
        CHECK(back.labels().at(a.id) == preference::for_first());
    }
    const auto parts =
        split_preferences(data.comparisons(), data.labels(), {.labelled = 200, .unlabelled = 900, .test = 400});
    std::unordered_set<std::string_view> prompts;
    for (const auto& pair : parts.test) prompts.insert(pair.prompt);
    for (const auto* part : {&parts.labelled, &parts.unlabelled}) {
        for (const auto& pair : *part) CHECK(!prompts.contains(pair.prompt));
    }
    std::size_t first = 0;
    for (const auto& verdict : parts.labels) first += verdict.verdict == preference::for_first();
    CHECK(first > 650); // 750 ± 19 expected
    CHECK(first < 850);
}
