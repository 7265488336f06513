/// \file
/// A teacher at work as evaluator: what it is shown, in blocks; what it says, kept line by line while it is made; and
/// what that costs.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/kept_lines.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>

namespace preflearn {

/// How an evaluator judges.
struct evaluator_way {
    bool scores = true;
    /// Of a scoring one: the least number of responses that it gives scores to (an ensemble compares two).
    std::size_t least = 1;
    /// Of a comparing one: whether it asks in both orders itself and says what it said in each, so that once is enough.
    bool asks_both_orders = false;
};

/// Shows blocks to a teacher, keeps what it says, and measures its time.
class watched_teacher {
  public:
    watched_teacher(const text_teacher& teacher, const judged_part& part, const work_progress& seen)
        : teacher_(teacher), part_(part), seen_(seen), kept_(part.path, message("# preflearn evaluation ", part.key)) {}

    /// How it judges: kept in the first line, else tried. \param attempt tries it
    template <class Try> evaluator_way way(const Try& attempt) {
        if (!kept_.lines().empty()) {
            const auto line = nlohmann::json::parse(kept_.lines().front(), nullptr, false);
            require<input_error>(line.is_object() && line.contains("scores") && line.contains("least"),
                                 part_.path.string(), ": line 2 was damaged; remove the file");
            return {line["scores"].get<bool>(), line["least"].get<std::size_t>(), line.value("both_orders", false)};
        }
        const evaluator_way found = attempt();
        const std::string line =
            nlohmann::json{{"scores", found.scores}, {"least", found.least}, {"both_orders", found.asks_both_orders}}
                .dump();
        kept_.append({&line, 1});
        return found;
    }
    judged_block judge(std::span<const shown_texts> block) {
        const auto start = std::chrono::steady_clock::now();
        judged_block judged = teacher_.judge(block);
        seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        tokens_ += judged.tokens;
        return judged;
    }
    /// The judgements of `count` shown texts, those that are kept first. No block shows one id twice.
    template <class Shown> std::vector<judgement> judge_all(std::size_t count, const Shown& shown) {
        std::vector<judgement> all = kept_.read_lines(detail::read_judgement, 1);
        require<input_error>(all.size() <= count, part_.path.string(), ": has more judgements than are asked for");
        if (all.size() < count) seen_(part_.title, all.size(), count, 0, 0);
        while (all.size() < count) {
            const std::size_t most = teacher_.block, enough = 2 * most; // records, and responses
            std::vector<shown_texts> block;
            std::unordered_set<std::uint64_t> ids;
            for (std::size_t i = all.size(), responses = 0; i < count && block.size() < most && responses < enough;
                 ++i) {
                block.push_back(shown(i));
                responses += block.back().responses.size();
                if (ids.insert(block.back().id).second) continue;
                block.pop_back();
                break;
            }
            judged_block judged = judge(block);
            kept_.append(detail::judgement_lines(judged.all));
            std::ranges::move(judged.all, std::back_inserter(all));
            seen_(part_.title, all.size(), count, static_cast<double>(judged.tokens), teacher_.operations_per_token);
        }
        return all;
    }
    [[nodiscard]] std::size_t tokens() const { return tokens_; }
    [[nodiscard]] double seconds() const { return seconds_; }

  private:
    const text_teacher& teacher_;
    const judged_part& part_;
    const work_progress& seen_;
    kept_lines kept_;
    std::size_t tokens_ = 0;
    double seconds_ = 0;
};

} // namespace preflearn
