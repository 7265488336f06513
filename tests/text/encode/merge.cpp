#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/encode/merge.hpp>

using namespace preflearn;

namespace {

using rules = std::map<std::pair<token_id, token_id>, merge_candidate>;

std::vector<token_id> fast(const std::string& text, const rules& merges) {
    merger space;
    std::vector<token_id> ids;
    const auto find = [&](const merge_symbol& left, const merge_symbol& right) -> std::optional<merge_candidate> {
        const auto found = merges.find({left.id, right.id});
        return found == merges.end() ? std::nullopt : std::optional(found->second);
    };
    for (const auto& symbol : space.run(
             text, [](std::string_view letter, auto&&add) { add(letter[0] - 'a', 1); }, find)) {
        if (symbol.bytes > 0) ids.push_back(symbol.id);
    }
    return ids;
}

/// The definition: look through all pairs for the best, merge it, begin again.
std::vector<token_id> naive(const std::string& text, const rules& merges) {
    std::vector<token_id> ids;
    for (const char letter : text) ids.push_back(letter - 'a');
    for (;;) {
        std::size_t best = ids.size();
        merge_candidate chosen;
        for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
            const auto found = merges.find({ids[i], ids[i + 1]});
            if (found != merges.end() && (best == ids.size() || found->second.rank < chosen.rank))
                best = i, chosen = found->second;
        }
        if (best == ids.size()) return ids;
        ids[best] = chosen.id;
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
}

} // namespace

TEST_CASE("merging by heap equals merging by definition on random rules and texts") {
    generator random(1, "merge");
    for (int trial = 0; trial < 300; ++trial) {
        rules merges;
        std::vector<std::string> tokens{"a", "b", "c"};
        std::map<std::string, token_id> ids{{"a", 0}, {"b", 1}, {"c", 2}};
        for (std::uint32_t rank = 0; rank < 12; ++rank) {
            const std::string left = tokens[random.below(tokens.size())], right = tokens[random.below(tokens.size())];
            const auto [made, fresh] = ids.try_emplace(left + right, static_cast<token_id>(tokens.size()));
            if (fresh) tokens.push_back(left + right);
            merges[{ids[left], ids[right]}] = {rank / 2, made->second}; // ranks repeat, as scores may
        }
        std::string text;
        for (std::uint64_t i = random.below(60); i > 0; --i) text.push_back(static_cast<char>('a' + random.below(3)));
        CAPTURE(text);
        CHECK(fast(text, merges) == naive(text, merges));
    }
}

TEST_CASE("a word of a quarter of a million letters is merged, which quadratic time would not finish") {
    rules merges;
    for (token_id i = 0; i < 18; ++i)
        merges[{i == 0 ? 0 : 100 + i, i == 0 ? 0 : 100 + i}] = {static_cast<std::uint32_t>(i), 101 + i};
    CHECK(fast(std::string(1 << 18, 'a'), merges) == std::vector<token_id>{118}); // pairs of pairs, 18 times
}
