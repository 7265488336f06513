#include <doctest/doctest.h>

#include <filesystem>

#include <preflearn/pipeline/teacher_card/write_card.hpp>

#include "../../files.hpp"
#include "card_subjects.hpp"

using namespace preflearn;

TEST_CASE("a card's folder has its page, its numbers and every picture that the page shows") {
    const test::folder folder;
    write_card(card_of(test::honest_subject(60)), folder.path());
    const std::string page = test::read(folder / "card.md");
    for (const char* const name : {"reliability.svg", "risk_coverage.svg", "by_length.svg"}) {
        CHECK(test::contains(page, name));
        CHECK(std::filesystem::exists(folder / name));
    }
    CHECK(nlohmann::json::parse(test::read(folder / "card.json"))["name"] == "weak");
}
